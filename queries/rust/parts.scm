; What an evaluation cuts out of a file. The captures: ../README.md.

(call_expression arguments: (arguments) @arguments)
(parameters) @arguments

(source_file (_) @statement)
(declaration_list (_) @statement)
(block (_) @statement)
(match_block (match_arm) @statement)

(function_item body: (block) @body)
