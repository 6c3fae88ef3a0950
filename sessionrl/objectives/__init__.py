"""What one gradient step minimises: one equation per file."""
