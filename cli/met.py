"""What a keeper is shown when two organisations have met: our code, and what to do about theirs."""

from cli.show import Result, facts, short


def show_met(result: Result) -> None:
    """Show a peer just met, without the code that it claims for itself."""
    facts(result, ["peer", "name", "state"])
    if result.get("ours"):
        print(f"\nOur code, read it to them by voice:\n  {result['ours']}")
        print(f"\nAsk for theirs, then: parasol peer verify {short(result.get('peer'))}")
    if result.get("trouble") == "invite_not_taken":
        print(
            "\nTheir node answered and did not take this invite: it was used already, cancelled,\n"
            "or is older than seven days. (Or their node is down, and something else answers at\n"
            "its address.) Ask them for a new one, and whether they know who used this one."
        )
    elif result.get("state") == "invited" and not result.get("reply"):
        print("\nThey could not be reached yet; parasol serve keeps trying.")
    if result.get("reply"):
        print("\nThey cannot be reached: send them this reply, for their `peer accept -`:\n")
        print(result["reply"])
