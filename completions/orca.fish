# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_orca_global_optspecs
    string join \n H/host= context= c/config= o/output= n/dry-run detailed-exitcode leader-only= max-actions= timeout= lock-timeout= state-dir= textfile= snapshot= q/quiet v/verbose log-format= color= h/help V/version
end

function __fish_orca_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_orca_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_orca_using_subcommand
    set -l cmd (__fish_orca_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c orca -n "__fish_orca_needs_command" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_needs_command" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_needs_command" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_needs_command" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_needs_command" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_needs_command" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_needs_command" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_needs_command" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_needs_command" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_needs_command" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_needs_command" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_needs_command" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_needs_command" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_needs_command" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_needs_command" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_needs_command" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_needs_command" -s V -l version -d 'Print version'
complete -c orca -n "__fish_orca_needs_command" -f -a "labels" -d 'Node labels'
complete -c orca -n "__fish_orca_needs_command" -f -a "anchors" -d 'Services that live where their anchor lives'
complete -c orca -n "__fish_orca_needs_command" -f -a "rebalance" -d 'Tasks that should run elsewhere, from real memory use'
complete -c orca -n "__fish_orca_needs_command" -f -a "gc" -d 'Free disk space on nodes without hurting a service'
complete -c orca -n "__fish_orca_needs_command" -f -a "autoheal" -d 'Say what is ill and why, and heal what may be healed'
complete -c orca -n "__fish_orca_needs_command" -f -a "bootstrap" -d 'Make a swarm of the engines that the config names'
complete -c orca -n "__fish_orca_needs_command" -f -a "exporter" -d 'node_exporter on every node'
complete -c orca -n "__fish_orca_needs_command" -f -a "logs" -d 'Log files'
complete -c orca -n "__fish_orca_needs_command" -f -a "mods" -d 'Mod files in a cache directory'
complete -c orca -n "__fish_orca_needs_command" -f -a "reconcile" -d 'Run every pass: half-done moves, labels, then anchors'
complete -c orca -n "__fish_orca_needs_command" -f -a "watch" -d 'Run passes on a clock and on events, until told to stop'
complete -c orca -n "__fish_orca_needs_command" -f -a "pause" -d 'Leave the swarm, or one anchor, alone until told otherwise'
complete -c orca -n "__fish_orca_needs_command" -f -a "resume" -d 'End a pause'
complete -c orca -n "__fish_orca_needs_command" -f -a "commands" -d 'Orcastra\'s command file'
complete -c orca -n "__fish_orca_needs_command" -f -a "health" -d 'Say whether the `orca watch` of this host is alive, for a container\'s healthcheck'
complete -c orca -n "__fish_orca_needs_command" -f -a "snapshot" -d 'Print the cluster as one JSON file, env values and secrets redacted'
complete -c orca -n "__fish_orca_needs_command" -f -a "history" -d 'List the changes that orca made, newest first'
complete -c orca -n "__fish_orca_needs_command" -f -a "config" -d 'Check or show the config'
complete -c orca -n "__fish_orca_needs_command" -f -a "schema" -d 'Print a JSON Schema'
complete -c orca -n "__fish_orca_needs_command" -f -a "sim" -d 'Serve a simulated swarm, to rehearse on'
complete -c orca -n "__fish_orca_needs_command" -f -a "probe" -d 'Print the memory of this machine and of its containers, as lines of JSON'
complete -c orca -n "__fish_orca_needs_command" -f -a "completions" -d 'Print a shell completion script'
complete -c orca -n "__fish_orca_needs_command" -f -a "man" -d 'Print a man page, or write all of them into a directory'
complete -c orca -n "__fish_orca_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -f -a "sync" -d 'Make node labels as the config says'
complete -c orca -n "__fish_orca_using_subcommand labels; and not __fish_seen_subcommand_from sync help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from help" -f -a "sync" -d 'Make node labels as the config says'
complete -c orca -n "__fish_orca_using_subcommand labels; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -f -a "follow" -d 'Keep each anchor\'s label where the anchor runs, so that its dependents follow'
complete -c orca -n "__fish_orca_using_subcommand anchors; and not __fish_seen_subcommand_from follow help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l wait -d 'Stay until dependents run beside their anchors, at most so long' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from follow" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from help" -f -a "follow" -d 'Keep each anchor\'s label where the anchor runs, so that its dependents follow'
complete -c orca -n "__fish_orca_using_subcommand anchors; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -f -a "plan" -d 'Say which tasks should move where, and why; move nothing'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -f -a "measure" -d 'Measure the memory of nodes and tasks, and print it as a metrics file'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -f -a "apply" -d 'Move tasks to where the plan says, one at a time, each with exactly one restart'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -f -a "recover" -d 'Undo what a stopped run has left half done'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and not __fish_seen_subcommand_from plan measure apply recover help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l metrics -d 'Where memory figures come from: node_exporter, prometheus, stats, probe, reservations, or a file of the schema orca.metrics/1 [default: rebalance.metrics.source]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l max-restarts -d 'Lower the peak as far as so many restarts can' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l target-peak -d 'Bring the fullest node down to this with the fewest restarts, as 75% or 0.75' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l goal -d 'What to even out: memory, or the number of replicas and tasks on each node' -r -f -a "memory\t'The share of memory in use'
count\t'The number of replicas of each service, then of tasks'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l empty -d 'Move everything off this node, before maintenance' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l unguarded -d 'Without guard rails: only what Swarm can do and data needs counts'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l metrics -d 'Whom to ask: node_exporter, prometheus, stats or probe [default: rebalance.metrics.source]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from measure" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l metrics -d 'Where memory figures come from: node_exporter, prometheus, stats, probe, reservations, or a file of the schema orca.metrics/1 [default: rebalance.metrics.source]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l max-restarts -d 'Lower the peak as far as so many restarts can' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l target-peak -d 'Bring the fullest node down to this with the fewest restarts, as 75% or 0.75' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l goal -d 'What to even out: memory, or the number of replicas and tasks on each node' -r -f -a "memory\t'The share of memory in use'
count\t'The number of replicas of each service, then of tasks'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l empty -d 'Move everything off this node, before maintenance' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l settle -d 'A moved task must have been running for so long before its service\'s spec is put back [default: rebalance.settle, else 10s]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l unguarded -d 'Without guard rails: only what Swarm can do and data needs counts'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l pin -d 'Label each moved service with the node where its task is to stay (orca.rebalance.node)'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l no-prepull -d 'Don\'t bring images to their new nodes before tasks are stopped'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from help" -f -a "plan" -d 'Say which tasks should move where, and why; move nothing'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from help" -f -a "measure" -d 'Measure the memory of nodes and tasks, and print it as a metrics file'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from help" -f -a "apply" -d 'Move tasks to where the plan says, one at a time, each with exactly one restart'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from help" -f -a "recover" -d 'Undo what a stopped run has left half done'
complete -c orca -n "__fish_orca_using_subcommand rebalance; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand gc" -l node -d 'Work on this node, by hostname or id, through nodes.NAME.host; may be given several times' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l manager -d 'Ask this manager\'s engine about the cluster, where the engine worked on is none' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l grace -d 'Leave alone what is younger than this [default: gc.grace, else 3h]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l keep-images -d 'Keep the newest N images of each repository [default: gc.keep_images, else 0]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l volume -d 'Also remove the volume of this name, if nothing uses it; may be given several times' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l parallel -d 'Work on so many nodes at a time [default: gc.parallel, else 4]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l when-disk-above -d 'Do something only where the disk under the engine\'s data is used more than this, as 80%' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l via -d 'How nodes are reached; `service` runs orca on all of them (or those of --node) for as long as it takes' -r -f -a "engines\t'By their own engines'
service\t'By a service that runs orca on each of them, and is removed again'"
complete -c orca -n "__fish_orca_using_subcommand gc" -l order -d 'Do what an orca elsewhere has written here, and answer in lines for a log' -r -F
complete -c orca -n "__fish_orca_using_subcommand gc" -l linger -d 'Stay so long after that' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand gc" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand gc" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand gc" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand gc" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand gc" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand gc" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand gc" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand gc" -l all-nodes -d 'Work on every node of the swarm'
complete -c orca -n "__fish_orca_using_subcommand gc" -l volumes -d 'Also remove anonymous volumes that nothing uses'
complete -c orca -n "__fish_orca_using_subcommand gc" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand gc" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand gc" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand gc" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand gc" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l node -d 'Work on this node, by hostname or id, through nodes.NAME.host; may be given several times' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l manager -d 'Ask this manager\'s engine about the cluster, where the engine worked on is none' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l only -d 'Look only at this' -r -f -a "containers\t'Containers that are no swarm tasks'
services\t'Services, and tasks that find no node'"
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l grace -d 'Let a container be unhealthy for so long [default: autoheal.containers.grace, else 60s]' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l all-nodes -d 'Work on every node of the swarm'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l all -d 'Restart any unhealthy container that is no swarm task, not only those with the label autoheal=true'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand autoheal" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l node -d 'Change only this node of the config; may be given several times' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l parallel -d 'Ask so many engines at a time [default: bootstrap.parallel, else 8]' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l allow-even-managers -d 'Accept an even number of managers in the end'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l remove-ghosts -d 'Remove the Down node that a host was before it left and joined again, once the host is Ready under its new id'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand bootstrap" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -f -a "deploy" -d 'Run node_exporter on every node, and see that each one answers'
complete -c orca -n "__fish_orca_using_subcommand exporter; and not __fish_seen_subcommand_from deploy help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l via -d 'How exporters get there: as a service of the swarm, or by ssh to machines outside of it' -r -f -a "service\t'As a global service of the swarm'
ssh\t'As a systemd unit on machines outside of the swarm'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l file-sd -d 'Write the targets there as Prometheus\' file_sd_configs reads them; the name ends in .json' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l from -d 'Orcastra\'s file; what orca.yml says of the exporter overrules it [default: /etc/swarm-orchestration/deploy_node_exporter.yml, if it is there]' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from deploy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from help" -f -a "deploy" -d 'Run node_exporter on every node, and see that each one answers'
complete -c orca -n "__fish_orca_using_subcommand exporter; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -f -a "rotate" -d 'Keep log files on this host bounded'
complete -c orca -n "__fish_orca_using_subcommand logs; and not __fish_seen_subcommand_from rotate help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l truncate-above -d 'Copy and empty logs of containers that have no max-size and are larger than this, as 1G' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l fix-services -d 'Give services whose tasks log to json-file without a limit a max-size and max-file: one rolling update each'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from rotate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from help" -f -a "rotate" -d 'Keep log files on this host bounded'
complete -c orca -n "__fish_orca_using_subcommand logs; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -f -a "fetch" -d 'Fetch mod files and mod images into a cache directory, once for each content'
complete -c orca -n "__fish_orca_using_subcommand mods; and not __fish_seen_subcommand_from fetch help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l dest -d 'The cache directory [default: mods.dest, else $MOD_MANAGER_DEST, else /modcache]' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l prune -d 'Also remove what orca has fetched and nobody wants any more'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from fetch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from help" -f -a "fetch" -d 'Fetch mod files and mod images into a cache directory, once for each content'
complete -c orca -n "__fish_orca_using_subcommand mods; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l interval -d 'Time from the end of a cycle to the beginning of the next' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l wait -d 'In each cycle, stay until dependents run beside their anchors, at most so long' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l once -d 'One cycle, then end; a dry run is always one cycle'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand reconcile" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand watch" -l commands -d 'The command file that SIGUSR1 runs [default: watch.commands]' -r -F
complete -c orca -n "__fish_orca_using_subcommand watch" -l metrics-listen -d 'Answer GET /metrics, /livez and /readyz here, as 127.0.0.1:9323 [default: watch.metrics_listen]' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand watch" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand watch" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand watch" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand watch" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand watch" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand watch" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand watch" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand watch" -l once -d 'Run each of them once, and end'
complete -c orca -n "__fish_orca_using_subcommand watch" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand watch" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand watch" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand watch" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand pause" -l for -d 'Go on by itself after this' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -l reason -d 'Why, in a line that every report shows' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand pause" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand pause" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand pause" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand pause" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand pause" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand pause" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand pause" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand pause" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand pause" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand pause" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand pause" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand resume" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand resume" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand resume" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand resume" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand resume" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand resume" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand resume" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand resume" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand resume" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand resume" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand resume" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand resume" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -f -a "run" -d 'Do what a command file asks for, entry by entry'
complete -c orca -n "__fish_orca_using_subcommand commands; and not __fish_seen_subcommand_from run help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from help" -f -a "run" -d 'Do what a command file asks for, entry by entry'
complete -c orca -n "__fish_orca_using_subcommand commands; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand health" -l max-age -d 'What counts as recently [default: three intervals of that watch]' -r
complete -c orca -n "__fish_orca_using_subcommand health" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand health" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand health" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand health" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand health" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand health" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand health" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand health" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand health" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand health" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand health" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand health" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand health" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand health" -l self -d 'Whether the `orca watch` of this host is alive and has completed a pass recently; asks no engine'
complete -c orca -n "__fish_orca_using_subcommand health" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand health" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand health" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand health" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand snapshot" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand snapshot" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand history" -l limit -d 'Show at most so many changes' -r
complete -c orca -n "__fish_orca_using_subcommand history" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand history" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand history" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand history" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand history" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand history" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand history" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand history" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand history" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand history" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand history" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand history" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand history" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand history" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand history" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand history" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand history" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -f -a "check" -d 'Check the config; contacts no engine'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -f -a "show" -d 'Print the merged config, with where each value came from'
complete -c orca -n "__fish_orca_using_subcommand config; and not __fish_seen_subcommand_from check show help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "check" -d 'Check the config; contacts no engine'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "show" -d 'Print the merged config, with where each value came from'
complete -c orca -n "__fish_orca_using_subcommand config; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand schema" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand schema" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand schema" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand schema" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand schema" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand schema" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand schema" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand schema" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand schema" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand schema" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand schema" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand schema" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand sim" -l listen -d 'Serve on this unix socket until interrupted' -r -F
complete -c orca -n "__fish_orca_using_subcommand sim" -l from -d 'Begin as this snapshot (see `orca snapshot`)' -r -F
complete -c orca -n "__fish_orca_using_subcommand sim" -l nodes -d 'Without --from: so many nodes' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l managers -d 'Without --from: so many of them managers' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l bare -d 'So many engines in no swarm instead, as n1.sock, n2.sock, ... in the folder --listen, for `orca bootstrap`' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l services -d 'Without --from: so many services' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l tasks -d 'Without --from: so many tasks' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l start-delay -d 'Tasks take this long to start' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand sim" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand sim" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand sim" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand sim" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand sim" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand sim" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand sim" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand sim" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand sim" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand sim" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand sim" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand sim" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand probe" -l cgroup -d 'The node\'s cgroup tree [default: /host/cgroup where that is mounted, else /sys/fs/cgroup]' -r -F
complete -c orca -n "__fish_orca_using_subcommand probe" -l linger -d 'Stay so long afterwards, for whoever reads the output in a log' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand probe" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand probe" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand probe" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand probe" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand probe" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand probe" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand probe" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand probe" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand probe" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand probe" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand probe" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand probe" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand completions" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand completions" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand completions" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand completions" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand completions" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand completions" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand completions" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand completions" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand completions" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand completions" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand completions" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand completions" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand man" -l dir -d 'Write all pages into this directory instead' -r -F
complete -c orca -n "__fish_orca_using_subcommand man" -s H -l host -d 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]' -r
complete -c orca -n "__fish_orca_using_subcommand man" -l context -d 'Docker context to use [env: DOCKER_CONTEXT]' -r
complete -c orca -n "__fish_orca_using_subcommand man" -s c -l config -d 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]' -r
complete -c orca -n "__fish_orca_using_subcommand man" -s o -l output -d 'How to print: auto is text on a terminal, JSON otherwise' -r -f -a "auto\t'Text on a terminal, JSON otherwise'
text\t'Tables and sentences'
json\t'One JSON document; loops print JSON Lines'"
complete -c orca -n "__fish_orca_using_subcommand man" -l leader-only -d 'Act only where the engine is the swarm\'s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)' -r -f -a "true\t''
false\t''"
complete -c orca -n "__fish_orca_using_subcommand man" -l max-actions -d 'Make at most so many changes in one pass' -r
complete -c orca -n "__fish_orca_using_subcommand man" -l timeout -d 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]' -r
complete -c orca -n "__fish_orca_using_subcommand man" -l lock-timeout -d 'Wait so long for another orca that works on the same cluster' -r
complete -c orca -n "__fish_orca_using_subcommand man" -l state-dir -d 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]' -r -F
complete -c orca -n "__fish_orca_using_subcommand man" -l textfile -d 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter\'s textfile collector' -r -F
complete -c orca -n "__fish_orca_using_subcommand man" -l snapshot -d 'Plan against a saved snapshot instead of a live engine; read-only' -r -F
complete -c orca -n "__fish_orca_using_subcommand man" -l log-format -d 'How to log' -r -f -a "text\t'One line an event'
json\t'One JSON object an event'"
complete -c orca -n "__fish_orca_using_subcommand man" -l color -d 'When to colour text [env: NO_COLOR]' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c orca -n "__fish_orca_using_subcommand man" -s n -l dry-run -d 'Plan and report, write nothing anywhere'
complete -c orca -n "__fish_orca_using_subcommand man" -l detailed-exitcode -d 'Exit 2 when changes were made or are pending'
complete -c orca -n "__fish_orca_using_subcommand man" -s q -l quiet -d 'Say nothing but errors'
complete -c orca -n "__fish_orca_using_subcommand man" -s v -l verbose -d 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]'
complete -c orca -n "__fish_orca_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "labels" -d 'Node labels'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "anchors" -d 'Services that live where their anchor lives'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "rebalance" -d 'Tasks that should run elsewhere, from real memory use'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "gc" -d 'Free disk space on nodes without hurting a service'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "autoheal" -d 'Say what is ill and why, and heal what may be healed'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "bootstrap" -d 'Make a swarm of the engines that the config names'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "exporter" -d 'node_exporter on every node'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "logs" -d 'Log files'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "mods" -d 'Mod files in a cache directory'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "reconcile" -d 'Run every pass: half-done moves, labels, then anchors'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "watch" -d 'Run passes on a clock and on events, until told to stop'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "pause" -d 'Leave the swarm, or one anchor, alone until told otherwise'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "resume" -d 'End a pause'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "commands" -d 'Orcastra\'s command file'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "health" -d 'Say whether the `orca watch` of this host is alive, for a container\'s healthcheck'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "snapshot" -d 'Print the cluster as one JSON file, env values and secrets redacted'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "history" -d 'List the changes that orca made, newest first'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "config" -d 'Check or show the config'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "schema" -d 'Print a JSON Schema'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "sim" -d 'Serve a simulated swarm, to rehearse on'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "probe" -d 'Print the memory of this machine and of its containers, as lines of JSON'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "completions" -d 'Print a shell completion script'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "man" -d 'Print a man page, or write all of them into a directory'
complete -c orca -n "__fish_orca_using_subcommand help; and not __fish_seen_subcommand_from labels anchors rebalance gc autoheal bootstrap exporter logs mods reconcile watch pause resume commands health snapshot history config schema sim probe completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from labels" -f -a "sync" -d 'Make node labels as the config says'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from anchors" -f -a "follow" -d 'Keep each anchor\'s label where the anchor runs, so that its dependents follow'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from rebalance" -f -a "plan" -d 'Say which tasks should move where, and why; move nothing'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from rebalance" -f -a "measure" -d 'Measure the memory of nodes and tasks, and print it as a metrics file'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from rebalance" -f -a "apply" -d 'Move tasks to where the plan says, one at a time, each with exactly one restart'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from rebalance" -f -a "recover" -d 'Undo what a stopped run has left half done'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from exporter" -f -a "deploy" -d 'Run node_exporter on every node, and see that each one answers'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from logs" -f -a "rotate" -d 'Keep log files on this host bounded'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from mods" -f -a "fetch" -d 'Fetch mod files and mod images into a cache directory, once for each content'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from commands" -f -a "run" -d 'Do what a command file asks for, entry by entry'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "check" -d 'Check the config; contacts no engine'
complete -c orca -n "__fish_orca_using_subcommand help; and __fish_seen_subcommand_from config" -f -a "show" -d 'Print the merged config, with where each value came from'
