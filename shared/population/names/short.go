package names

import "strings"

// Short gives a name that bearers of a given name are known by; empty for most.
func Short(given string) string { return shorts[given] }

var shorts = func() map[string]string {
	list := map[string]string{}
	for pair := range strings.FieldsSeq(`Abigail:Abby Alan:Al Albert:Bert Alexander:Alex Alexandra:Sandra Alfred:Fred Amanda:Mandy Andrew:Andy
		Angela:Angie Anthony:Tony Arthur:Art Barbara:Babs Benjamin:Ben Bernard:Bernie Beverley:Bev Catherine:Kate Charles:Charlie Charlotte:Lottie
		Christina:Tina Christine:Chris Christopher:Chris Clifford:Cliff Daniel:Danny David:Dave Deborah:Debbie Dennis:Den Derek:Del Dorothy:Dot Douglas:Doug
		Edward:Ted Eleanor:Nell Elizabeth:Liz Florence:Flo Frances:Fran Francis:Frank Frederick:Fred Geoffrey:Geoff George:Georgie Gerald:Gerry
		Gillian:Gill Gregory:Greg Harold:Harry Harriet:Hattie Henry:Harry Isabella:Bella Jacqueline:Jackie James:Jim Janet:Jan Jennifer:Jenny
		Jessica:Jess John:Jack Jonathan:Jon Joseph:Joe Joshua:Josh Judith:Judy Katherine:Kathy Kathleen:Kath Kenneth:Ken Laurence:Larry Lawrence:Larry
		Leonard:Len Leslie:Les Louise:Lou Margaret:Peggy Martin:Marty Matthew:Matt Michael:Mike Michelle:Shelly Natalie:Nat Nathan:Nat Nicholas:Nick
		Nicola:Nicky Oliver:Olly Pamela:Pam Patricia:Pat Patrick:Paddy Penelope:Penny Peter:Pete Philip:Phil Philippa:Pippa Raymond:Ray Rebecca:Becky
		Reginald:Reg Richard:Dick Robert:Bob Roger:Rog Ronald:Ron Rosemary:Rose Samantha:Sam Samuel:Sam Sandra:Sandy Sidney:Sid Stanley:Stan
		Stephanie:Steph Stephen:Steve Steven:Steve Stuart:Stu Susan:Sue Suzanne:Suzy Sylvia:Syl Terence:Terry Theresa:Tess Teresa:Tess Thomas:Tom
		Timothy:Tim Valerie:Val Veronica:Ronnie Victoria:Vicky Vincent:Vince Walter:Wally Wilfred:Wilf William:Bill Winifred:Winnie Zachary:Zac`) {
		formal, short, _ := strings.Cut(pair, ":")
		list[formal] = short
	}
	return list
}()
