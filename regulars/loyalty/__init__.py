"""What has this customer bought and earned? Rows of a shop's files, orders, referral codes, who brought whom."""
