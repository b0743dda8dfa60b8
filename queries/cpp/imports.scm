; What a file takes from elsewhere. The captures: ../README.md.
; Beside ../c.

(using_declaration "namespace" [(identifier) (qualified_identifier)] @module) @import @wildcard
(using_declaration "using" . (qualified_identifier scope: (_) @module name: (identifier) @name)) @import
