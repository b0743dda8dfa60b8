; What a file defines. The captures: ../README.md.
; Beside ../ecma.

(field_definition property: (_) @name value: (_)? @body) @variable
