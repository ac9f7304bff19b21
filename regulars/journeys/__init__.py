"""When is it this customer's turn? (Automations come with a later version.)"""
