"""What has this customer earned? Referral codes and who brought whom."""
