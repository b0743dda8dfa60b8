; Which names are bound where, and which are used. The captures: ../README.md.
; Beside ../ecma.

(formal_parameters (identifier) @bound)
