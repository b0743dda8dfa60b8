; What an evaluation cuts out of a file. The captures: ../README.md.
; Beside ../c.

(lambda_expression body: (compound_statement) @body)
