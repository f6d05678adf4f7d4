# Completion of orca for bash 4.4 and newer; it asks orca itself.
_orca() {
    # Bash takes : and = for ends of words, as in unix:///run/docker.sock; what has no blank between is one word.
    local words=() rest=$COMP_LINE piece i
    for ((i = 0; i <= COMP_CWORD; i++)); do
        piece=${COMP_WORDS[i]}
        if ((i > 0)) && [[ $rest != [[:blank:]]* ]]; then
            words[-1]+=$piece
        else
            words+=("$piece")
            rest=${rest#"${rest%%[![:blank:]]*}"}
        fi
        rest=${rest#"$piece"}
    done
    local current=${words[-1]}
    mapfile -t COMPREPLY < <(
        _CLAP_IFS=$'\n' _CLAP_COMPLETE_INDEX=$((${#words[@]} - 1)) ORCA_COMPLETE=bash orca -- "${words[@]}" 2>/dev/null
    )
    if [[ ${COMPREPLY-} == *[=/:] ]]; then
        compopt -o nospace 2>/dev/null
    fi
    # Only what comes after the last such character is replaced.
    local kept=${current%"${current##*[=:]}"}
    COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}
complete -o bashdefault -o nosort -F _orca orca
