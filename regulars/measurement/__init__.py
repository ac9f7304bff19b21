"""What was it worth?"""
