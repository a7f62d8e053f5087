"""The pages of the home shelf, boards, review and questions."""
