"""What came back, and was it a human?"""
