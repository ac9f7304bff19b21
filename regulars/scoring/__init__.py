"""What did we learn about customer and segment?"""
