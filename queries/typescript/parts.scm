; What an evaluation cuts out of a file. The captures: ../README.md.
; Beside ../ecma.

(interface_body (_) @statement)
(enum_body (_) @statement)
