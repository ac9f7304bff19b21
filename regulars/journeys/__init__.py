"""When is it this customer's turn?"""
