package access

import "slices"

// reviewers are the job roles (SDS job role list, UKCore-SDSJobRoleName) that
// may review and undo links between people of the whole region: those whose
// work is the identity of records or the protection of patients' data. A role
// that treats patients is not among them; who treats and reviews too acts in
// one role at a time, the one that was selected.
var reviewers = []string{
	"R0001", // Privacy Officer
	"R5105", // Caldicott Guardian
	"R8013", // Health Records Manager
}

// Reviewers gives the codes of the job roles that Reviewing is open to, in order.
func Reviewers() []string { return slices.Clone(reviewers) }

// decideActivity says what the caller's role is good for.
func decideActivity(caller Caller, activity Activity) Decision {
	switch activity {
	case Reading:
		return Decision{Permit: true}
	case Reviewing:
		if slices.Contains(reviewers, caller.Role) {
			return Decision{Permit: true}
		}
		return Decision{Reason: "the job role may not review links between patients"}
	}
	return Decision{Reason: "the request does not say what it is for"}
}
