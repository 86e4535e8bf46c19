package access

import (
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/carerecord/carerecord/shared/nhs"
)

// claims are the members of a token that are read. Names are matched exactly
// and none may occur twice: a second "org" must not win over the first.
type claims struct {
	Issuer       string       `json:"iss"`
	Subject      string       `json:"sub"`
	Audience     audience     `json:"aud"`
	Expiry       float64      `json:"exp"` // seconds since 1970; go-oidc judges it
	NotBefore    float64      `json:"nbf"`
	Name         string       `json:"name"`
	Organisation string       `json:"org"`
	Role         string       `json:"role"`
	Client       string       `json:"client_id"`
	Party        string       `json:"azp"`
	TokenID      string       `json:"jti"`
	Selected     string       `json:"selected_roleid"`
	Roles        []nationRole `json:"nhsid_nrbac_roles"`
}

// nationRole is one entry of CIS2's nhsid_nrbac_roles.
type nationRole struct {
	ID           string `json:"person_roleid"`
	Organisation string `json:"org_code"`
	Code         string `json:"role_code"` // "S8000:G8000:R8001"
}

// audience is a string or a list of strings (RFC 7519, 4.1.3).
type audience []string

// UnmarshalJSON reads either form.
func (a *audience) UnmarshalJSON(data []byte) error {
	var one string
	if json.Unmarshal(data, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(data, (*[]string)(a))
}

func (a audience) has(s string) bool { return slices.Contains(a, s) }

var roleForm = regexp.MustCompile(`^R[0-9]{4}$`) // SDS job role list

// isODS is strict about capitals: two spellings must not be two organisations.
func isODS(s string) bool {
	code, ok := nhs.ParseODS(s)
	return ok && code == s
}

func parseClaims(payload []byte) (claims, error) {
	var c claims
	if err := json.Unmarshal(payload, &c); err != nil {
		// The cause would repeat a claim's value.
		return claims{}, refuse("token claims malformed")
	}
	return c, nil
}

func callerOf(payload []byte) (Caller, error) {
	c, err := parseClaims(payload)
	if err != nil {
		return Caller{}, err
	}
	if c.Subject == "" {
		return Caller{}, refuse("token without subject")
	}
	caller := Caller{
		Subject: c.Subject, Name: c.Name, Organisation: c.Organisation, Role: c.Role,
		Client: c.Party, Issuer: c.Issuer, TokenID: c.TokenID,
	}
	if caller.Client == "" {
		caller.Client = c.Client
	}
	if len(c.Roles) > 0 || c.Selected != "" {
		if err := c.national(&caller); err != nil {
			return Caller{}, err
		}
	}
	return caller.plain(), nil
}

// plain leaves out an organisation or a role that is no code: it says as little
// as one that is missing, and Decide refuses both alike.
func (c Caller) plain() Caller {
	if !isODS(c.Organisation) {
		c.Organisation = ""
	}
	if !roleForm.MatchString(c.Role) {
		c.Role = ""
	}
	return c
}

// national reads the CIS2 shape. Among several roles none is taken unless it
// was selected: the first of a list is not a choice that the user made.
func (c claims) national(caller *Caller) error {
	role, err := c.selected()
	if err != nil {
		return err
	}
	code := role.Code[strings.LastIndexByte(role.Code, ':')+1:]
	if c.Organisation != "" && c.Organisation != role.Organisation || c.Role != "" && c.Role != code {
		return refuse("token claims org and role contradict the selected role")
	}
	caller.Organisation, caller.Role = role.Organisation, code
	return nil
}

func (c claims) selected() (nationRole, error) {
	if c.Selected == "" {
		if len(c.Roles) == 1 {
			return c.Roles[0], nil
		}
		return nationRole{}, refuse("several roles and none selected")
	}
	var found []nationRole
	for _, r := range c.Roles {
		if r.ID == c.Selected {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		return nationRole{}, refuse("selected_roleid is not one of the roles")
	}
	return found[0], nil
}
