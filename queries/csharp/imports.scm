; What a file takes from elsewhere. The captures: ../README.md.

(using_directive !name [(identifier) (qualified_name) (alias_qualified_name)] @module) @import @wildcard
(using_directive name: (identifier) @alias [(identifier) (qualified_name) (generic_name)] @module) @import
