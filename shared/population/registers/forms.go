package registers

import "strings"

// The forms of the registers: each organisation's system writes its own.
var (
	practiceHeader = []string{
		"local_id", "nhs_number", "nhs_number_status", "surname", "forename", "other_forenames", "previous_surname", "date_of_birth", "sex",
		"address_1", "address_2", "town", "postcode", "previous_postcode", "phone", "mobile", "email", "practice_code",
	}
	hospitalHeader = []string{
		"mrn", "nhs_number", "nhs_number_status", "surname", "forename_1", "forename_2", "dob", "gender", "address", "postcode",
		"home_phone", "mobile_phone",
	}
	communityHeader = []string{
		"client_ref", "nhs_no", "nhs_status", "first_name", "last_name", "date_of_birth", "sex", "house", "street", "town", "postcode",
		"telephone", "email",
	}
	councilHeader = []string{
		"person_ref", "nhs_no", "nhs_status", "full_forenames", "last_name", "born", "gender", "address", "post_code", "telephone",
	}
)

// practiceRecord writes an entry of the practices' lists.
func (e *entry) practiceRecord() []string {
	return []string{
		e.localID, e.Number, e.Status, e.Family, e.Given, e.Middle, e.FormerFamily, slashed(e.Born), letter(e.Sex),
		e.Lines[0], e.Lines[1], e.Town, e.Postcode, e.FormerPostcode, e.Phone, e.Mobile, e.Email, e.practice,
	}
}

// hospitalRecord writes an entry of a hospital's patient administration system.
func (e *entry) hospitalRecord() []string {
	code := map[byte]string{'M': "1", 'F': "2", 'I': "9", 'U': "X"}[e.Sex]
	return []string{
		e.localID, e.Number, e.Status, strings.ToUpper(e.Family), strings.ToUpper(e.Given), strings.ToUpper(e.Middle),
		strings.ReplaceAll(e.Born, "-", ""), code, joined(e.Lines[0], e.Lines[1], e.Town), e.Postcode, e.Phone, e.Mobile,
	}
}

// communityRecord writes an entry of the community provider's clients.
func (e *entry) communityRecord() []string {
	sex := map[byte]string{'M': "Male", 'F': "Female", 'I': "Indeterminate", 'U': "Not known"}[e.Sex]
	return []string{
		e.localID, e.Number, e.Status, e.Given, e.Family, e.Born, sex, e.Lines[0], e.Lines[1], e.Town, strings.ReplaceAll(e.Postcode, " ", ""),
		strings.ReplaceAll(e.Mobile, " ", ""), e.Email,
	}
}

// councilRecord writes an entry of those the council's adult social care knows.
func (e *entry) councilRecord() []string {
	return []string{
		e.localID, e.Number, e.Status, strings.TrimSpace(e.Given + " " + e.Middle), e.Family, slashed(e.Born), letter(e.Sex),
		joined(e.Lines[0], e.Lines[1], e.Town), e.Postcode, e.Phone,
	}
}

func letter(sex byte) string {
	if sex == 0 {
		return ""
	}
	return string(sex)
}

func joined(parts ...string) string {
	var list []string
	for _, p := range parts {
		if p != "" {
			list = append(list, p)
		}
	}
	return strings.Join(list, ", ")
}

// slashed turns YYYY-MM-DD into DD/MM/YYYY.
func slashed(day string) string {
	if day == "" {
		return ""
	}
	return day[8:] + "/" + day[5:7] + "/" + day[:4]
}
