set edit:completion:arg-completer[orca] = { |@words|
    var index = (count $words)
    set index = (- $index 1)

    put (env _CLAP_IFS="\n" _CLAP_COMPLETE_INDEX=(to-string $index) ORCA_COMPLETE="elvish" orca -- $@words) | to-lines
}
