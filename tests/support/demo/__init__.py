"""The demo: a restored table gets its settings back, on an embedded AWS, deployed by Terraform. `make demo` runs it."""
