"""What relays and mailbox providers say, what they mean by it, and what helps: data, read from the top, the first row that fits counts.

Sources: RFC 5321, 3463, 5248, 6531, 7372, 7504, 7505, 8689; the postmaster pages of the providers that a row names.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from regulars.delivery.outcomes import Phase


class Advice(StrEnum):
    """What to do about a mail that was not taken."""

    RETRY = "retry"          # later, nothing else
    SLOW_DOWN = "slow down"  # later, and less to this domain
    SUPPRESS = "suppress"    # nobody is there: never write to this address again
    REJECT = "reject"        # this mail ends here; the customer may be written to again
    STOP = "stop"            # something of ours is wrong: the launch waits for a person


@dataclass(frozen=True, slots=True)
class Row:
    """Fits a reply whose first digit is in `kind`, at one of `phases`, with one of `codes`, one of `enhanced` ("1.1", or "7." for
    all that begin so) and one of `says` or `names`; what is empty is not asked. Both are words' beginnings in lower case: `says`
    in the sentence, `names` also in links and host names. `who`: whose words or codes these are."""

    advice: Advice
    meaning: str
    remedy: str
    kind: str = "5"
    says: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    enhanced: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    phases: tuple[Phase, ...] = ()
    who: str = ""

    def applies_at(self, phase: Phase) -> bool:
        """Before there is a recipient a refusal is about us, and nobody is suppressed before the relay speaks of them."""
        return phase in (self.phases or _WHERE.get(self.advice, tuple(Phase)))


_BEFORE_RCPT = (Phase.CONNECT, Phase.MAIL)
_WHERE = {Advice.SUPPRESS: (Phase.RCPT, Phase.DOT), Advice.REJECT: tuple(phase for phase in Phase if phase not in _BEFORE_RCPT)}
_ANYWHERE = tuple(Phase)

RETRY, SLOW, SUPPRESS, REJECT, STOP = Advice.RETRY, Advice.SLOW_DOWN, Advice.SUPPRESS, Advice.REJECT, Advice.STOP
_CREDENTIALS = "check user and password in the relay's URL, and that the relay's account is allowed to send"
_SENDER = "check `sender.from` in regulars.yaml: the domain must exist, be yours, and be verified with the relay"
_DNS = "publish SPF, DKIM and DMARC for the sender's domain, and let the relay sign with it"
_LISTED = "ask the relay's operator to get the address off the list; until then, send through another relay"
_NEXT_TIME = "nothing; the customer stays, and the next campaign tries again"

# Sentences of one provider, or so plain that they count whatever the codes beside them say.
SENTENCES: tuple[Row, ...] = (
    # ---- patience ----
    Row(RETRY, "greylisting: the first try of an unknown sender is put off", "nothing; it is tried again in a few minutes", "4",
        says=("greylist", "graylist", "grey list", "gray list", "postgrey", "internal resource temporarily unavailable",
              "internal resources are temporarily unavailable"), who="Postfix policy servers, Yandex, Mimecast"),
    Row(RETRY, "this one mailbox gets too much mail at the moment", "nothing; it is tried again later", "45",
        says=("receiving mail too quickly", "receiving email too quickly", "receiving mail at a rate", "receiving email at a rate",
              "recipient has exceeded message rate limit", "mailbox received too much email", "ratelimit exceeded for mailbox",
              "recipient has exceeded their limit"), who="Gmail, Yandex, Mail.ru, Exchange Online"),
    Row(RETRY, "the mailbox is full", "nothing; it is tried again until the launch expires", "4", enhanced=("2.2",), who="RFC 3463"),
    Row(RETRY, "the recipient's domain or address could not be looked up", "nothing; if it stays so, the relay's DNS is in trouble", "4",
        says=("unverified address", "recipient address rejected: domain not found", "callout", "callback"), who="Postfix, Exim"),
    Row(SLOW, "the relay's account has reached its sending rate or quota", "lower `rate` of this relay, or ask its provider for more", "45",
        says=("maximum sending rate exceeded", "daily message quota exceeded", "throttling", "toomanyrequests", "too many requests",
              "peak smtp relay limit", "outbound thread limit", "sender thread limit", "concurrent connections limit",
              "hourly limit", "messages per hour", "messages per minute", "messages per second"),
        who="Amazon SES, Google's relay, Mimecast, Exchange Online"),
    Row(STOP, "the relay's account may send no more", "raise the plan or wait for the next day, as the relay's provider says", "45",
        says=("maximum credits exceeded", "daily user sending limit", "daily smtp relay", "daily sending quota", "sending limit exceeded",
              "daily relay limit", "limitexceeded", "exceeded threshold", "credits exhausted", "out of credits", "monthly limit"),
        who="SendGrid, Gmail, Exchange Online, Amazon SES"),
    # ---- the relay does not know us, or not this way ----
    Row(STOP, "the relay does not forward for us", "sign in (USER:PASSWORD in the URL), or let the relay accept mail from this machine", "45",
        says=("relay access denied", "relaying denied", "relay not permitted", "relaying not permitted", "unable to relay", "relay denied",
              "relaying is not allowed", "relay is not permitted", "not permitted to relay", "not allowed to relay", "relaying prohibited",
              "relay prohibited", "denies relay", "tenantattribution", "rcpthosts", "we do not relay", "relaying to"),
        who="Postfix, Exim, Sendmail, Exchange, qmail"),
    Row(REJECT, "this recipient takes mail from their own organisation or from chosen senders only", _NEXT_TIME, "5",
        says=("resolver.rst.sendernotauthenticatedforgroup", "resolver.rst.authrequired", "resolver.rst.notauthorized", "only accepts", "restricted to", "on the target address",
              "email policy. - gcdp", "gcdp", "not accepting mail from", "challenge-response", "recipient's policy", "recipient policy"),
        who="Exchange 5.7.124 and 5.7.133, Gmail's rules of a domain, Yandex"),
    Row(STOP, "the relay wants us to sign in, or did not accept how", _CREDENTIALS, codes=(530, 534, 535, 538), who="RFC 4954"),
    Row(STOP, "the relay wants us to sign in, or did not accept how", _CREDENTIALS, "45",
        says=("authentication required", "must authenticate", "authentication is required", "not authenticated to send",
              "invalid credentials", "credentials invalid", "authentication credentials", "bad username", "failed to authenticate",
              "please authenticate", "auth required", "smtp authentication is disabled", "smtpclientauthentication is disabled",
              "bad user name", "invalidclienttokenid", "signaturedoesnotmatch", "unrecognizedclient", "invalidsignature", "incompletesignature", "missingauthenticationtoken", "optinrequired", "expiredtoken", "accessdenied",
              "not authorized to perform"), who="every relay; Amazon SES for missing rights"),
    Row(STOP, "the relay wants TLS", "add tls=starttls or tls=implicit to the relay's URL", "45",
        says=("must issue a starttls", "starttls command first", "tls required", "encryption required", "encryption needed"),
        who="RFC 3207, Gmail"),
    Row(STOP, "the relay's account is suspended, paused or still on trial", "see the relay's console; its provider says what to do", "45",
        says=("sending suspended", "sending paused", "account is suspended", "accountsuspended", "sendingpaused", "account suspended",
              "account has been suspended", "free accounts are for test", "sandbox subdomains", "is not allowed to send",
              "message sending for this account is disabled", "account disabled for sending", "tenant has been", "bad outbound sender",
              "account is under review", "account outbounds disabled", "sandbox mode"),
        who="Amazon SES, Mailgun, Mail.ru, Exchange Online, Mimecast"),
    Row(STOP, "the sender's address or domain is not verified with the relay", _SENDER, "45",
        says=("is not verified", "mailfromdomainnotverified", "domain not verified", "address not verified", "verified sender identity", "unverified sender", "sender identity",
              "does not match a verified", "unauthenticated senders not allowed", "sender signature", "not allowed to send as",
              "send as this sender", "sender not authorized", "failed to authorize the sender", "not authorized to send from",
              "configuration set does not exist", "configurationsetdoesnotexist", "notfoundexception"),
        who="Amazon SES, SendGrid, Postmark, Exchange 5.7.60"),
    # ---- what the provider thinks of us ----
    Row(SLOW, "the provider holds mail back because SPF, DKIM or DMARC of the sender's domain does not hold", _DNS, "4",
        says=("dmarc", "dkim", "spf", "unauthenticated"), who="Gmail 4.7.26, 4.7.27, 4.7.30, 4.7.32"),
    Row(SLOW, "mail comes faster than this provider takes it from an address it does not trust much yet",
        "send less at a time, and warm the relay's address up over days", "4",
        says=("rate limit", "rate-limit", "ratelimit", "too many", "too much mail", "too frequent", "excessive", "unusual rate", "unexpected volume",
              "excessive volume", "user complaints", "low reputation", "poor reputation", "ip reputation", "reputation", "suspicious",
              "throttl", "temporarily deferred", "temporarily blocked", "permanently deferred", "deferred due to", "rate controlled",
              "rate control", "slow down", "reduce the number of connections", "reduce connections", "server busy", "unusual traffic",
              "[ts0", "[tss0", "rl00000", "ofr004_104", "ofr004_105", "ofr005_104", "ofr005_105", "ofr999_104", "trop de connexions",
              "s77714", "as780090", "as7803", "policy violations", "policy restrictions", "policy reasons", "max concurrent",
              "maximum number of connections", "connection limit", "new or untrusted ip", "resources temporarily",
              "try another server", "access denied"),
        who="Gmail 4.7.28, Outlook 4.7.650 and S77714, Yahoo TSS04, GMX, Comcast RL, Orange OFR, iCloud"),
    Row(STOP, "SPF, DKIM or DMARC of the sender's domain does not hold", _DNS, "5",
        says=("dmarc", "dkim", "spf", "unauthenticated email", "sender policy framework", "authentication level", "not signed",
              "anti-spoofing", "required authentication", "5.7.515", "did not pass authentication", "authentication checks"),
        who="Gmail, Outlook 5.7.509 and 5.7.515, Yahoo, GMX, Mimecast"),
    Row(STOP, "the relay's address has no name, or one that leads elsewhere (reverse DNS)",
        "ask the relay's operator to set its PTR record to its own name", "5",
        says=("reverse dns", "ptr", "reverse hostname", "rdns", "helo command rejected", "reverse lookup"), who="Gmail 5.7.25, Postfix, GMX, Rackspace"),
    Row(STOP, "the relay's address or the sender's domain is on a block list", _LISTED, "5",
        names=("spamhaus", "barracudacentral", "spamcop", "uceprotect", "ipcheck"),
        who="Spamhaus, Barracuda, SpamCop, Proofpoint"),
    Row(STOP, "the relay's address or the sender's domain is on a block list", _LISTED, "5",
        says=("barracuda reputation", "dnsbl", "rbl", "sorbs", "blacklist", "black list", "blocklist", "block list", "block listed", "black listed", "blocked using", "is listed", "listed in",
              "listed at", "listed by", "banned sending ip", "bl00000", "[bl2", "s3140", "s3150", "sc-001", "oc-001", "ou-001", "ou-002",
              "ip reputation", "bad reputation", "poor reputation", "low reputation", "traffic not accepted from this ip",
              "connections will not be accepted", "access from ip", "ip address blocked", "has been blocked", "client host rejected",
              "host network not allowed", "dynamic/residential", "es000001", "not allowed to connect", "bad outbound", "network is on our"),
        who="Outlook S3140 and S3150, Yahoo BL21, Comcast BL, Mimecast"),
    Row(STOP, "too much of our mail goes to addresses that do not exist, or too much at once",
        "clean the list: leave out who has not reacted for long; send less at a time", "5",
        says=("too many", "excessive", "unusual rate", "unexpected volume", "rate limit"), who="Yahoo, GMX, Postfix"),
    Row(STOP, "the sender's address is refused", _SENDER, "5", enhanced=("1.7", "1.8"), who="RFC 3463"),
    Row(STOP, "the sender's address is refused", _SENDER, "5",
        says=("sender address rejected", "sender rejected", "sender verify", "sender address", "sender denied", "sender domain",
              "domain of sender", "sender's domain", "sending domain", "from address", "from: address", "mail from:", "mail from address",
              "mail from domain", "return-path", "return path", "envelope from", "envelope sender", "adresse de l'expediteur",
              "blocked sender", "sender blocked", "invalid sender", "invalid mail from", "banned sender", "unknown sender", "bad sender",
              "sender unknown", "sender is"),
        who="Postfix, Exim, Orange, Mimecast"),
    # ---- this mail, this mailbox ----
    Row(REJECT, "the mailbox is full", _NEXT_TIME, "5", enhanced=("2.2",), who="RFC 3463"),
    Row(REJECT, "the mailbox is full", _NEXT_TIME, "5",
        says=("mailbox full", "mailbox is full", "over quota", "overquota", "quota exceeded", "exceeded storage", "out of storage",
              "storage allocation", "exceeds quota", "exceeded quota", "insufficient storage", "boite du destinataire pleine", "ofr_417", "disk quota"),
        who="Gmail, iCloud, Mail.ru, Orange OFR_417"),
    Row(REJECT, "the mail is larger than the relay or the mailbox takes", "make pictures and lists in the template smaller", "5",
        says=("message too big", "message size", "size exceeds", "size limit", "maximum size", "too large", "email size", "message is too long",
              "maximum permitted", "maximum message", "message length", "resolver.rst.recipsizelimit"), phases=_ANYWHERE, who="Postfix, Exim, Exchange, Mimecast, Amazon SES"),
    Row(REJECT, "the mail is larger than the relay or the mailbox takes", "make pictures and lists in the template smaller", "5",
        enhanced=("3.4", "2.3", "7.16"), phases=_ANYWHERE, who="RFC 3463, 6710"),
    Row(REJECT, "letters in the address that this relay cannot carry (SMTPUTF8)", "use a relay that offers SMTPUTF8, or ask for another address",
        "5", enhanced=("6.7", "6.8", "6.9", "6.10"), phases=_ANYWHERE, who="RFC 6531"),
    Row(REJECT, "letters in the address that this relay cannot carry (SMTPUTF8)", "use a relay that offers SMTPUTF8, or ask for another address",
        "5", says=("smtputf8", "internationalized", "non-ascii", "utf-8 address"), phases=_ANYWHERE, who="RFC 6531"),
    Row(SUPPRESS, "the relay's provider has this address on its own list, after a bounce or a complaint",
        "nothing; the address is suppressed here too", "5",
        says=("marked as inactive", "address suppressed", "previously bounced", "recipient suppressed", "on the suppression list",
              "previously unsubscribed"), who="Postmark, SparkPost, Mailgun"),
    Row(REJECT, "the relay could not find out whether the address exists", _NEXT_TIME, "5",
        says=("unverified address", "callout", "callback", "verification failed", "could not be verified", "connection timed out",
              "unrouteable", "unroutable", "no route to host", "host or domain name not found", "dns error", "lookup failed"), who="Postfix, Exim"),
    Row(SUPPRESS, "there is no such mailbox", "nothing; the address is suppressed", "5",
        says=("no such user", "no such recipient", "no such mailbox", "no such address", "no such account", "user unknown", "unknown user", "user not found",
              "user doesn't have", "user does not exist", "user doesn't exist", "mailbox not found", "invalid mailbox", "no mailbox here",
              "mailbox does not exist", "mailbox doesn't exist", "mailbox unknown", "unknown mailbox", "account that you tried to reach does not exist",
              "recipient not found", "recipientnotfound", "recipnotfound", "unknown recipient", "recipient unknown",
              "recipient does not exist", "address does not exist", "address unknown", "unknown address", "invalid recipient",
              "destinataire invalide", "ofr_416", "account not available", "not our customer", "s2017062302",
              "addressee unknown", "no account by that name", "does not have an account", "no user with"),
        who="Gmail, Yahoo, Outlook, Yandex, Mail.ru, Orange OFR_416, Comcast, Exchange"),
    Row(SUPPRESS, "the mailbox is closed or was given up", "nothing; the address is suppressed", "5",
        says=("account is disabled", "account disabled", "account has been disabled", "mailbox is disabled", "mailbox disabled", "user is terminated",
              "account is inactive", "account inactive", "mailbox is inactive", "no longer on server", "no longer in use", "user is no longer", "account is no longer", "mailbox is no longer",
              "no longer valid", "no longer exists", "account has been closed", "account closed", "mailbox closed", "user has left", "no longer works",
              "address is no longer", "account expired", "deactivated", "tried to reach is disabled", "tried to reach is inactive"),
        who="Gmail 5.2.1, Yahoo, Mail.ru, iCloud 5.1.6"),
    # ---- taste and policy ----
    Row(STOP, "the content is taken for spam or worse", "look at the subject, the links and their domains; send a test to that provider", "5",
        says=("spam", "unsolicited", "objectionable", "junk mail", "bulk mail", "suspicious", "virus", "infected", "malware", "phishing",
              "content rejected", "content refused", "message content", "prohibited content", "bad content", "block for spam",
              "mcspamsignature", "[hm0", "ofr_506", "ofr_515", "mail rejete", "mail flood"),
        who="Gmail, Mail.ru, Yandex, iCloud HM08, Orange OFR_506, every filter"),
    Row(STOP, "the provider refuses by a policy of its own", "read the reply: it often names a page that says why", "5",
        says=("policy", "policies", "administrative prohibition", "administratively", "security reasons", "not accepted for", "message not allowed",
              "will not accept delivery", "access denied, spam", "prohibited", "[cs01", "[ph01"),
        who="Yahoo PH01 and 5.7.9, iCloud CS01, Proofpoint, Mimecast, Exim"),
)

# RFC 3463 and the registry of RFC 5248, by subject and detail.
ENHANCED: tuple[Row, ...] = (
    Row(RETRY, "the relay has a trouble of its own", "nothing; it is tried again later", "4", enhanced=("3.", "4.", "2.", "5.", "6.", "1.", "0."),
        who="RFC 3463"),
    Row(RETRY, "signing in or TLS is in trouble at the relay for the moment", "nothing; if it stays so, ask the relay's operator", "4",
        codes=(432, 454), who="RFC 4954, 3207"),
    Row(SLOW, "the provider holds mail back by its policy", "send less at a time, and warm the relay's address up over days", "4", enhanced=("7.",),
        who="RFC 3463; Gmail 4.7.28"),
    Row(SUPPRESS, "there is no such mailbox", "nothing; the address is suppressed", "5", enhanced=("1.1",), who="RFC 3463"),
    Row(SUPPRESS, "the address's domain takes no mail at all", "nothing; the address is suppressed", "5", enhanced=("1.2", "1.10"), who="RFC 3463, 7505 (null MX); Exchange's 5.1.10"),
    Row(SUPPRESS, "the mailbox has moved and says no new address", "nothing; the address is suppressed", "5", enhanced=("1.6",), who="RFC 3463"),
    Row(SUPPRESS, "the mailbox is disabled", "nothing; the address is suppressed", "5", enhanced=("2.1",), who="RFC 3463"),
    Row(REJECT, "the address is not one that mail can be sent to", "correct the address; the customer stays", "5", enhanced=("1.3",),
        phases=_ANYWHERE, who="RFC 3463; our own look at it before it is said to a relay"),
    Row(REJECT, "the address is not one that the relay can use", "correct the address; the customer stays", "5", enhanced=("1.",), who="RFC 3463"),
    Row(REJECT, "the mailbox does not take this mail", _NEXT_TIME, "5", enhanced=("2.",), who="RFC 3463"),
    Row(STOP, "the relay is not set up rightly", "ask the relay's operator: this is about the relay, not about the mail", "5", enhanced=("3.5",), who="RFC 3463"),
    Row(REJECT, "the recipient's mail system does not take this mail", _NEXT_TIME, "5", enhanced=("3.",), who="RFC 3463"),
    Row(REJECT, "the relay could not reach the recipient's mail system", _NEXT_TIME, "5", enhanced=("4.",), who="RFC 3463; Exchange's 5.4.1"),
    Row(REJECT, "the mail has no form that could be delivered", "look at the mail with: regulars message show", "5", enhanced=("6.",),
        phases=_ANYWHERE, who="RFC 3463; our own look at it before it is said to a relay"),
    Row(REJECT, "the mailbox or its domain belongs to somebody else now", "check the address; the customer stays", "5", enhanced=("7.17", "7.18"), who="RFC 7293"),
    Row(REJECT, "this recipient takes mail from their own organisation or from chosen senders only", _NEXT_TIME, "5",
        enhanced=("7.124", "7.129", "7.133", "7.134", "7.135", "7.136"), who="Exchange Online"),
    Row(REJECT, "a wish in the mail's envelope that the relay does not honour", _NEXT_TIME, "5", enhanced=("7.15", "7.30"), who="RFC 6710, 8689"),
    Row(STOP, "the relay did not accept how we signed in", _CREDENTIALS, "5",
        enhanced=("7.3", "7.8", "7.9", "7.12", "7.13", "7.57", "7.139"), who="RFC 5248; Exchange's 5.7.57 and 5.7.139"),
    Row(STOP, "the relay wants TLS", "add tls=starttls or tls=implicit to the relay's URL", "5", enhanced=("7.10", "7.11"), who="RFC 5248"),
    Row(STOP, "SPF, DKIM or DMARC of the sender's domain does not hold", _DNS, "5",
        enhanced=("7.20", "7.21", "7.22", "7.23", "7.24", "7.26", "7.27", "7.29", "7.509", "7.515"), who="RFC 7372, 7505, 8617; Gmail"),
    Row(STOP, "the relay's address has no name, or one that leads elsewhere (reverse DNS)",
        "ask the relay's operator to set its PTR record to its own name", "5", enhanced=("7.25",), who="RFC 7372"),
    Row(STOP, "the provider refuses by a policy of its own", "read the reply: it often names a page that says why", "5", enhanced=("7.",), who="RFC 3463"),
)

# RFC 5321 4.2.3, for relays that say no more than a number.
CODES: tuple[Row, ...] = (
    Row(SLOW, "the relay hung up: it has had enough for now", "nothing; if it happens often, lower `connections` and `rate`", "4", codes=(421,), who="RFC 5321"),
    Row(RETRY, "later", "nothing; it is tried again until the launch expires", "4", who="RFC 5321"),
    Row(STOP, "this host takes no mail at all", "name another relay", "5", codes=(521,), who="RFC 7504"),
    Row(STOP, "the relay refuses before it has heard of a recipient, so this is about us", _SENDER, "5", phases=_BEFORE_RCPT, who="RFC 5321"),
    Row(STOP, "the relay does not understand our commands", "is REGULARS_MAIL_URL a relay's submission port? a firewall may be editing the conversation",
        "5", codes=(500, 502, 503), who="RFC 5321"),
    Row(SUPPRESS, "the address's domain takes no mail at all", "nothing; the address is suppressed", "5", codes=(556,), who="RFC 7504"),
    Row(REJECT, "the relay cannot read this address", "correct the address; the customer stays", "5", codes=(501, 504, 553, 555), who="RFC 5321"),
    Row(REJECT, "the mailbox does not take this mail", _NEXT_TIME, "5", codes=(550, 551, 552), who="RFC 5321"),
    Row(REJECT, "refused for a reason that nobody has documented", "read the reply; many of these pause a launch", "5", who="RFC 5321"),
)

TABLE: tuple[Row, ...] = SENTENCES + ENHANCED + CODES
