"""What each page does: one file for each subject, named in `node.web.routes`."""
