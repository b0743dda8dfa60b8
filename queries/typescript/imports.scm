; What a file takes from elsewhere. The captures: ../README.md.
; Beside ../ecma.

(import_require_clause (identifier) @alias source: (string (string_fragment) @module))
(import_statement (import_require_clause)) @import
