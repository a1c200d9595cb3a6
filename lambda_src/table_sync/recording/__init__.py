"""What only the recorder needs: it keeps the settings of every table in the bucket of records."""
