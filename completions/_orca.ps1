
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'orca' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'orca'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'orca' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('labels', 'labels', [CompletionResultType]::ParameterValue, 'Node labels')
            [CompletionResult]::new('anchors', 'anchors', [CompletionResultType]::ParameterValue, 'Services that live where their anchor lives')
            [CompletionResult]::new('rebalance', 'rebalance', [CompletionResultType]::ParameterValue, 'Tasks that should run elsewhere, from real memory use')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Free disk space on nodes without hurting a service')
            [CompletionResult]::new('autoheal', 'autoheal', [CompletionResultType]::ParameterValue, 'Say what is ill and why, and heal what may be healed')
            [CompletionResult]::new('bootstrap', 'bootstrap', [CompletionResultType]::ParameterValue, 'Make a swarm of the engines that the config names')
            [CompletionResult]::new('exporter', 'exporter', [CompletionResultType]::ParameterValue, 'node_exporter on every node')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Log files')
            [CompletionResult]::new('mods', 'mods', [CompletionResultType]::ParameterValue, 'Mod files in a cache directory')
            [CompletionResult]::new('reconcile', 'reconcile', [CompletionResultType]::ParameterValue, 'Run every pass: half-done moves, labels, then anchors')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Run passes on a clock and on events, until told to stop')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Leave the swarm, or one anchor, alone until told otherwise')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a pause')
            [CompletionResult]::new('commands', 'commands', [CompletionResultType]::ParameterValue, 'Orcastra''s command file')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Say whether the `orca watch` of this host is alive, for a container''s healthcheck')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Print the cluster as one JSON file, env values and secrets redacted')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'List the changes that orca made, newest first')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check or show the config')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print a JSON Schema')
            [CompletionResult]::new('sim', 'sim', [CompletionResultType]::ParameterValue, 'Serve a simulated swarm, to rehearse on')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Print the memory of this machine and of its containers, as lines of JSON')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell completion script')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page, or write all of them into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;labels' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make node labels as the config says')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;labels;sync' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;labels;help' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make node labels as the config says')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;labels;help;sync' {
            break
        }
        'orca;labels;help;help' {
            break
        }
        'orca;anchors' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('follow', 'follow', [CompletionResultType]::ParameterValue, 'Keep each anchor''s label where the anchor runs, so that its dependents follow')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;anchors;follow' {
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'Stay until dependents run beside their anchors, at most so long')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;anchors;help' {
            [CompletionResult]::new('follow', 'follow', [CompletionResultType]::ParameterValue, 'Keep each anchor''s label where the anchor runs, so that its dependents follow')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;anchors;help;follow' {
            break
        }
        'orca;anchors;help;help' {
            break
        }
        'orca;rebalance' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say which tasks should move where, and why; move nothing')
            [CompletionResult]::new('measure', 'measure', [CompletionResultType]::ParameterValue, 'Measure the memory of nodes and tasks, and print it as a metrics file')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Move tasks to where the plan says, one at a time, each with exactly one restart')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'Undo what a stopped run has left half done')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;rebalance;plan' {
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Where memory figures come from: node_exporter, prometheus, stats, probe, reservations, or a file of the schema orca.metrics/1 [default: rebalance.metrics.source]')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Lower the peak as far as so many restarts can')
            [CompletionResult]::new('--target-peak', '--target-peak', [CompletionResultType]::ParameterName, 'Bring the fullest node down to this with the fewest restarts, as 75% or 0.75')
            [CompletionResult]::new('--goal', '--goal', [CompletionResultType]::ParameterName, 'What to even out: memory, or the number of replicas and tasks on each node')
            [CompletionResult]::new('--empty', '--empty', [CompletionResultType]::ParameterName, 'Move everything off this node, before maintenance')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--unguarded', '--unguarded', [CompletionResultType]::ParameterName, 'Without guard rails: only what Swarm can do and data needs counts')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;rebalance;measure' {
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Whom to ask: node_exporter, prometheus, stats or probe [default: rebalance.metrics.source]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;rebalance;apply' {
            [CompletionResult]::new('--metrics', '--metrics', [CompletionResultType]::ParameterName, 'Where memory figures come from: node_exporter, prometheus, stats, probe, reservations, or a file of the schema orca.metrics/1 [default: rebalance.metrics.source]')
            [CompletionResult]::new('--max-restarts', '--max-restarts', [CompletionResultType]::ParameterName, 'Lower the peak as far as so many restarts can')
            [CompletionResult]::new('--target-peak', '--target-peak', [CompletionResultType]::ParameterName, 'Bring the fullest node down to this with the fewest restarts, as 75% or 0.75')
            [CompletionResult]::new('--goal', '--goal', [CompletionResultType]::ParameterName, 'What to even out: memory, or the number of replicas and tasks on each node')
            [CompletionResult]::new('--empty', '--empty', [CompletionResultType]::ParameterName, 'Move everything off this node, before maintenance')
            [CompletionResult]::new('--settle', '--settle', [CompletionResultType]::ParameterName, 'A moved task must have been running for so long before its service''s spec is put back [default: rebalance.settle, else 10s]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--unguarded', '--unguarded', [CompletionResultType]::ParameterName, 'Without guard rails: only what Swarm can do and data needs counts')
            [CompletionResult]::new('--pin', '--pin', [CompletionResultType]::ParameterName, 'Label each moved service with the node where its task is to stay (orca.rebalance.node)')
            [CompletionResult]::new('--no-prepull', '--no-prepull', [CompletionResultType]::ParameterName, 'Don''t bring images to their new nodes before tasks are stopped')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;rebalance;recover' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;rebalance;help' {
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say which tasks should move where, and why; move nothing')
            [CompletionResult]::new('measure', 'measure', [CompletionResultType]::ParameterValue, 'Measure the memory of nodes and tasks, and print it as a metrics file')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Move tasks to where the plan says, one at a time, each with exactly one restart')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'Undo what a stopped run has left half done')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;rebalance;help;plan' {
            break
        }
        'orca;rebalance;help;measure' {
            break
        }
        'orca;rebalance;help;apply' {
            break
        }
        'orca;rebalance;help;recover' {
            break
        }
        'orca;rebalance;help;help' {
            break
        }
        'orca;gc' {
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Work on this node, by hostname or id, through nodes.NAME.host; may be given several times')
            [CompletionResult]::new('--manager', '--manager', [CompletionResultType]::ParameterName, 'Ask this manager''s engine about the cluster, where the engine worked on is none')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Leave alone what is younger than this [default: gc.grace, else 3h]')
            [CompletionResult]::new('--keep-images', '--keep-images', [CompletionResultType]::ParameterName, 'Keep the newest N images of each repository [default: gc.keep_images, else 0]')
            [CompletionResult]::new('--volume', '--volume', [CompletionResultType]::ParameterName, 'Also remove the volume of this name, if nothing uses it; may be given several times')
            [CompletionResult]::new('--parallel', '--parallel', [CompletionResultType]::ParameterName, 'Work on so many nodes at a time [default: gc.parallel, else 4]')
            [CompletionResult]::new('--when-disk-above', '--when-disk-above', [CompletionResultType]::ParameterName, 'Do something only where the disk under the engine''s data is used more than this, as 80%')
            [CompletionResult]::new('--via', '--via', [CompletionResultType]::ParameterName, 'How nodes are reached; `service` runs orca on all of them (or those of --node) for as long as it takes')
            [CompletionResult]::new('--order', '--order', [CompletionResultType]::ParameterName, 'Do what an orca elsewhere has written here, and answer in lines for a log')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'Stay so long after that')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--all-nodes', '--all-nodes', [CompletionResultType]::ParameterName, 'Work on every node of the swarm')
            [CompletionResult]::new('--volumes', '--volumes', [CompletionResultType]::ParameterName, 'Also remove anonymous volumes that nothing uses')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;autoheal' {
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Work on this node, by hostname or id, through nodes.NAME.host; may be given several times')
            [CompletionResult]::new('--manager', '--manager', [CompletionResultType]::ParameterName, 'Ask this manager''s engine about the cluster, where the engine worked on is none')
            [CompletionResult]::new('--only', '--only', [CompletionResultType]::ParameterName, 'Look only at this')
            [CompletionResult]::new('--grace', '--grace', [CompletionResultType]::ParameterName, 'Let a container be unhealthy for so long [default: autoheal.containers.grace, else 60s]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--all-nodes', '--all-nodes', [CompletionResultType]::ParameterName, 'Work on every node of the swarm')
            [CompletionResult]::new('--all', '--all', [CompletionResultType]::ParameterName, 'Restart any unhealthy container that is no swarm task, not only those with the label autoheal=true')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;bootstrap' {
            [CompletionResult]::new('--node', '--node', [CompletionResultType]::ParameterName, 'Change only this node of the config; may be given several times')
            [CompletionResult]::new('--parallel', '--parallel', [CompletionResultType]::ParameterName, 'Ask so many engines at a time [default: bootstrap.parallel, else 8]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--allow-even-managers', '--allow-even-managers', [CompletionResultType]::ParameterName, 'Accept an even number of managers in the end')
            [CompletionResult]::new('--remove-ghosts', '--remove-ghosts', [CompletionResultType]::ParameterName, 'Remove the Down node that a host was before it left and joined again, once the host is Ready under its new id')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;exporter' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Run node_exporter on every node, and see that each one answers')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;exporter;deploy' {
            [CompletionResult]::new('--via', '--via', [CompletionResultType]::ParameterName, 'How exporters get there: as a service of the swarm, or by ssh to machines outside of it')
            [CompletionResult]::new('--file-sd', '--file-sd', [CompletionResultType]::ParameterName, 'Write the targets there as Prometheus'' file_sd_configs reads them; the name ends in .json')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Orcastra''s file; what orca.yml says of the exporter overrules it [default: /etc/swarm-orchestration/deploy_node_exporter.yml, if it is there]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;exporter;help' {
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Run node_exporter on every node, and see that each one answers')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;exporter;help;deploy' {
            break
        }
        'orca;exporter;help;help' {
            break
        }
        'orca;logs' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Keep log files on this host bounded')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;logs;rotate' {
            [CompletionResult]::new('--truncate-above', '--truncate-above', [CompletionResultType]::ParameterName, 'Copy and empty logs of containers that have no max-size and are larger than this, as 1G')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--fix-services', '--fix-services', [CompletionResultType]::ParameterName, 'Give services whose tasks log to json-file without a limit a max-size and max-file: one rolling update each')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;logs;help' {
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Keep log files on this host bounded')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;logs;help;rotate' {
            break
        }
        'orca;logs;help;help' {
            break
        }
        'orca;mods' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('fetch', 'fetch', [CompletionResultType]::ParameterValue, 'Fetch mod files and mod images into a cache directory, once for each content')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;mods;fetch' {
            [CompletionResult]::new('--dest', '--dest', [CompletionResultType]::ParameterName, 'The cache directory [default: mods.dest, else $MOD_MANAGER_DEST, else /modcache]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--prune', '--prune', [CompletionResultType]::ParameterName, 'Also remove what orca has fetched and nobody wants any more')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;mods;help' {
            [CompletionResult]::new('fetch', 'fetch', [CompletionResultType]::ParameterValue, 'Fetch mod files and mod images into a cache directory, once for each content')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;mods;help;fetch' {
            break
        }
        'orca;mods;help;help' {
            break
        }
        'orca;reconcile' {
            [CompletionResult]::new('--interval', '--interval', [CompletionResultType]::ParameterName, 'Time from the end of a cycle to the beginning of the next')
            [CompletionResult]::new('--wait', '--wait', [CompletionResultType]::ParameterName, 'In each cycle, stay until dependents run beside their anchors, at most so long')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'One cycle, then end; a dry run is always one cycle')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;watch' {
            [CompletionResult]::new('--commands', '--commands', [CompletionResultType]::ParameterName, 'The command file that SIGUSR1 runs [default: watch.commands]')
            [CompletionResult]::new('--metrics-listen', '--metrics-listen', [CompletionResultType]::ParameterName, 'Answer GET /metrics, /livez and /readyz here, as 127.0.0.1:9323 [default: watch.metrics_listen]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--once', '--once', [CompletionResultType]::ParameterName, 'Run each of them once, and end')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;pause' {
            [CompletionResult]::new('--for', '--for', [CompletionResultType]::ParameterName, 'Go on by itself after this')
            [CompletionResult]::new('--reason', '--reason', [CompletionResultType]::ParameterName, 'Why, in a line that every report shows')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;resume' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;commands' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Do what a command file asks for, entry by entry')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;commands;run' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;commands;help' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Do what a command file asks for, entry by entry')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;commands;help;run' {
            break
        }
        'orca;commands;help;help' {
            break
        }
        'orca;health' {
            [CompletionResult]::new('--max-age', '--max-age', [CompletionResultType]::ParameterName, 'What counts as recently [default: three intervals of that watch]')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('--self', '--self', [CompletionResultType]::ParameterName, 'Whether the `orca watch` of this host is alive and has completed a pass recently; asks no engine')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;snapshot' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;history' {
            [CompletionResult]::new('--limit', '--limit', [CompletionResultType]::ParameterName, 'Show at most so many changes')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;config' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the config; contacts no engine')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the merged config, with where each value came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;config;check' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;config;show' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;config;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the config; contacts no engine')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the merged config, with where each value came from')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;config;help;check' {
            break
        }
        'orca;config;help;show' {
            break
        }
        'orca;config;help;help' {
            break
        }
        'orca;schema' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;sim' {
            [CompletionResult]::new('--listen', '--listen', [CompletionResultType]::ParameterName, 'Serve on this unix socket until interrupted')
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Begin as this snapshot (see `orca snapshot`)')
            [CompletionResult]::new('--nodes', '--nodes', [CompletionResultType]::ParameterName, 'Without --from: so many nodes')
            [CompletionResult]::new('--managers', '--managers', [CompletionResultType]::ParameterName, 'Without --from: so many of them managers')
            [CompletionResult]::new('--bare', '--bare', [CompletionResultType]::ParameterName, 'So many engines in no swarm instead, as n1.sock, n2.sock, ... in the folder --listen, for `orca bootstrap`')
            [CompletionResult]::new('--services', '--services', [CompletionResultType]::ParameterName, 'Without --from: so many services')
            [CompletionResult]::new('--tasks', '--tasks', [CompletionResultType]::ParameterName, 'Without --from: so many tasks')
            [CompletionResult]::new('--start-delay', '--start-delay', [CompletionResultType]::ParameterName, 'Tasks take this long to start')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;probe' {
            [CompletionResult]::new('--cgroup', '--cgroup', [CompletionResultType]::ParameterName, 'The node''s cgroup tree [default: /host/cgroup where that is mounted, else /sys/fs/cgroup]')
            [CompletionResult]::new('--linger', '--linger', [CompletionResultType]::ParameterName, 'Stay so long afterwards, for whoever reads the output in a log')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;completions' {
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;man' {
            [CompletionResult]::new('--dir', '--dir', [CompletionResultType]::ParameterName, 'Write all pages into this directory instead')
            [CompletionResult]::new('-H', '-H ', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--host', '--host', [CompletionResultType]::ParameterName, 'Engine to talk to: unix://, tcp:// or ssh:// [env: DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH]')
            [CompletionResult]::new('--context', '--context', [CompletionResultType]::ParameterName, 'Docker context to use [env: DOCKER_CONTEXT]')
            [CompletionResult]::new('-c', '-c', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Config file, `-` for stdin [env: ORCA_CONFIG, SWARM_FILE] [default: /etc/orca/orca.yml, else /etc/swarm-orchestration/swarm.yml]')
            [CompletionResult]::new('-o', '-o', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'How to print: auto is text on a terminal, JSON otherwise')
            [CompletionResult]::new('--leader-only', '--leader-only', [CompletionResultType]::ParameterName, 'Act only where the engine is the swarm''s leader; else report `skipped` and exit 0 (`watch` does so unless --leader-only=false)')
            [CompletionResult]::new('--max-actions', '--max-actions', [CompletionResultType]::ParameterName, 'Make at most so many changes in one pass')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'End a pass after this long, whatever happens; what moves tasks begins no move after it [default: 60s; of `rebalance apply` 30m, of `exporter deploy` 5m]')
            [CompletionResult]::new('--lock-timeout', '--lock-timeout', [CompletionResultType]::ParameterName, 'Wait so long for another orca that works on the same cluster')
            [CompletionResult]::new('--state-dir', '--state-dir', [CompletionResultType]::ParameterName, 'Where orca keeps its memory, journal and locks [default: /var/lib/orca for root, else the XDG state directory]')
            [CompletionResult]::new('--textfile', '--textfile', [CompletionResultType]::ParameterName, 'After a pass, write its metrics into this folder, as orca_PASS.prom for node_exporter''s textfile collector')
            [CompletionResult]::new('--snapshot', '--snapshot', [CompletionResultType]::ParameterName, 'Plan against a saved snapshot instead of a live engine; read-only')
            [CompletionResult]::new('--log-format', '--log-format', [CompletionResultType]::ParameterName, 'How to log')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour text [env: NO_COLOR]')
            [CompletionResult]::new('-n', '-n', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--dry-run', '--dry-run', [CompletionResultType]::ParameterName, 'Plan and report, write nothing anywhere')
            [CompletionResult]::new('--detailed-exitcode', '--detailed-exitcode', [CompletionResultType]::ParameterName, 'Exit 2 when changes were made or are pending')
            [CompletionResult]::new('-q', '-q', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('--quiet', '--quiet', [CompletionResultType]::ParameterName, 'Say nothing but errors')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Log what is asked of the engine, to stderr; twice for more [env: ORCA_LOG, DEBUG]')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'orca;help' {
            [CompletionResult]::new('labels', 'labels', [CompletionResultType]::ParameterValue, 'Node labels')
            [CompletionResult]::new('anchors', 'anchors', [CompletionResultType]::ParameterValue, 'Services that live where their anchor lives')
            [CompletionResult]::new('rebalance', 'rebalance', [CompletionResultType]::ParameterValue, 'Tasks that should run elsewhere, from real memory use')
            [CompletionResult]::new('gc', 'gc', [CompletionResultType]::ParameterValue, 'Free disk space on nodes without hurting a service')
            [CompletionResult]::new('autoheal', 'autoheal', [CompletionResultType]::ParameterValue, 'Say what is ill and why, and heal what may be healed')
            [CompletionResult]::new('bootstrap', 'bootstrap', [CompletionResultType]::ParameterValue, 'Make a swarm of the engines that the config names')
            [CompletionResult]::new('exporter', 'exporter', [CompletionResultType]::ParameterValue, 'node_exporter on every node')
            [CompletionResult]::new('logs', 'logs', [CompletionResultType]::ParameterValue, 'Log files')
            [CompletionResult]::new('mods', 'mods', [CompletionResultType]::ParameterValue, 'Mod files in a cache directory')
            [CompletionResult]::new('reconcile', 'reconcile', [CompletionResultType]::ParameterValue, 'Run every pass: half-done moves, labels, then anchors')
            [CompletionResult]::new('watch', 'watch', [CompletionResultType]::ParameterValue, 'Run passes on a clock and on events, until told to stop')
            [CompletionResult]::new('pause', 'pause', [CompletionResultType]::ParameterValue, 'Leave the swarm, or one anchor, alone until told otherwise')
            [CompletionResult]::new('resume', 'resume', [CompletionResultType]::ParameterValue, 'End a pause')
            [CompletionResult]::new('commands', 'commands', [CompletionResultType]::ParameterValue, 'Orcastra''s command file')
            [CompletionResult]::new('health', 'health', [CompletionResultType]::ParameterValue, 'Say whether the `orca watch` of this host is alive, for a container''s healthcheck')
            [CompletionResult]::new('snapshot', 'snapshot', [CompletionResultType]::ParameterValue, 'Print the cluster as one JSON file, env values and secrets redacted')
            [CompletionResult]::new('history', 'history', [CompletionResultType]::ParameterValue, 'List the changes that orca made, newest first')
            [CompletionResult]::new('config', 'config', [CompletionResultType]::ParameterValue, 'Check or show the config')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print a JSON Schema')
            [CompletionResult]::new('sim', 'sim', [CompletionResultType]::ParameterValue, 'Serve a simulated swarm, to rehearse on')
            [CompletionResult]::new('probe', 'probe', [CompletionResultType]::ParameterValue, 'Print the memory of this machine and of its containers, as lines of JSON')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a shell completion script')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print a man page, or write all of them into a directory')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'orca;help;labels' {
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Make node labels as the config says')
            break
        }
        'orca;help;labels;sync' {
            break
        }
        'orca;help;anchors' {
            [CompletionResult]::new('follow', 'follow', [CompletionResultType]::ParameterValue, 'Keep each anchor''s label where the anchor runs, so that its dependents follow')
            break
        }
        'orca;help;anchors;follow' {
            break
        }
        'orca;help;rebalance' {
            [CompletionResult]::new('plan', 'plan', [CompletionResultType]::ParameterValue, 'Say which tasks should move where, and why; move nothing')
            [CompletionResult]::new('measure', 'measure', [CompletionResultType]::ParameterValue, 'Measure the memory of nodes and tasks, and print it as a metrics file')
            [CompletionResult]::new('apply', 'apply', [CompletionResultType]::ParameterValue, 'Move tasks to where the plan says, one at a time, each with exactly one restart')
            [CompletionResult]::new('recover', 'recover', [CompletionResultType]::ParameterValue, 'Undo what a stopped run has left half done')
            break
        }
        'orca;help;rebalance;plan' {
            break
        }
        'orca;help;rebalance;measure' {
            break
        }
        'orca;help;rebalance;apply' {
            break
        }
        'orca;help;rebalance;recover' {
            break
        }
        'orca;help;gc' {
            break
        }
        'orca;help;autoheal' {
            break
        }
        'orca;help;bootstrap' {
            break
        }
        'orca;help;exporter' {
            [CompletionResult]::new('deploy', 'deploy', [CompletionResultType]::ParameterValue, 'Run node_exporter on every node, and see that each one answers')
            break
        }
        'orca;help;exporter;deploy' {
            break
        }
        'orca;help;logs' {
            [CompletionResult]::new('rotate', 'rotate', [CompletionResultType]::ParameterValue, 'Keep log files on this host bounded')
            break
        }
        'orca;help;logs;rotate' {
            break
        }
        'orca;help;mods' {
            [CompletionResult]::new('fetch', 'fetch', [CompletionResultType]::ParameterValue, 'Fetch mod files and mod images into a cache directory, once for each content')
            break
        }
        'orca;help;mods;fetch' {
            break
        }
        'orca;help;reconcile' {
            break
        }
        'orca;help;watch' {
            break
        }
        'orca;help;pause' {
            break
        }
        'orca;help;resume' {
            break
        }
        'orca;help;commands' {
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Do what a command file asks for, entry by entry')
            break
        }
        'orca;help;commands;run' {
            break
        }
        'orca;help;health' {
            break
        }
        'orca;help;snapshot' {
            break
        }
        'orca;help;history' {
            break
        }
        'orca;help;config' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the config; contacts no engine')
            [CompletionResult]::new('show', 'show', [CompletionResultType]::ParameterValue, 'Print the merged config, with where each value came from')
            break
        }
        'orca;help;config;check' {
            break
        }
        'orca;help;config;show' {
            break
        }
        'orca;help;schema' {
            break
        }
        'orca;help;sim' {
            break
        }
        'orca;help;probe' {
            break
        }
        'orca;help;completions' {
            break
        }
        'orca;help;man' {
            break
        }
        'orca;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
