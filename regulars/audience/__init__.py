"""Who is this for, who must not be written to, and why?"""
