; What a file defines. The captures: ../README.md.

(class name: [(constant) @name (scope_resolution name: (_) @name)] body: (_)? @body) @type @inside
(module name: [(constant) @name (scope_resolution name: (_) @name)] body: (_)? @body) @module @inside
(method name: (_) @name body: (_)? @body) @function
(singleton_method name: (_) @name body: (_)? @body) @function

; `Name = Struct.new(:a) do … end`.
(assignment
  left: (constant) @name
  right: (call
    receiver: (constant) @_
    block: (do_block) @body @inside)
  (#any-of? @_ "Struct" "Class" "Data")) @type
(assignment left: (constant) @name right: (_) @body) @constant

[
  (body_statement)
  (singleton_class)
  (ERROR)
] @inside

(comment) @comment
