; Where a completion ends, and where it must not look like code. The captures: ../README.md.
; Beside ../ecma.

(field_definition) @statement
