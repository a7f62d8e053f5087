"""The pages of uploading, outlines, reading and exports."""
