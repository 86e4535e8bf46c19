package main

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/index"
)

func newReviewShow(at *connection) *cobra.Command {
	return &cobra.Command{
		Use:   "show REVIEW",
		Short: "Show a review: both sides in columns, and the waterfall",
		Long: `Shows what is asked, both sides as they are now, and how the evidence adds up. =
marks what agrees and ≠ what differs. Of an overlay the columns are what stands
and the update that is held.`,
		Example: "  carerecord review show 68vc603pamyrcbsgrvzfepf41c",
		Args:    arguments("REVIEW"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkID("review", args[0]); err != nil {
				return err
			}
			c, err := at.open()
			if err != nil {
				return err
			}
			body, err := c.Get(cmd.Context(), "Task/"+args[0], nil)
			if err != nil {
				return err
			}
			return at.show(cmd.OutOrStdout(), body, func() error {
				t, err := client.Read[client.Task](body, "Task")
				if err != nil {
					return err
				}
				return printCase(cmd.OutOrStdout(), t)
			})
		},
	}
}

func printCase(out io.Writer, t *client.Task) error {
	fmt.Fprintf(out, "%s  %s  %s, opened %s\n%s\n\n", t.ID, kindOf(t), stateOf(t), opened(t.AuthoredOn), printable(t.Description))
	heads, sides := sidesOf(t)
	if len(sides) > 0 {
		if err := printSides(out, heads, sides); err != nil {
			return err
		}
		fmt.Fprintln(out)
	}
	if people := peopleOf(t); len(people) == 1 && len(sides) > 1 && kindOf(t) != string(index.ReviewOverlay) {
		fmt.Fprintln(out, "Both are linked to one person now.")
	}
	fmt.Fprintf(out, "because of %s\n", rowOf(client.Of(t.Input, "delivery"), t.Extension))
	if d, ok := client.Evidence(t.Extension); ok {
		if err := printWaterfall(out, d, ""); err != nil {
			return err
		}
	}
	return printAnswer(out, t)
}

// sidesOf gives the Patients that a review compares, with the heads of their
// columns: which side it is, and whose person.
func sidesOf(t *client.Task) (heads []string, sides []*client.Patient) {
	words := map[string]string{"left": "LEFT", "right": "RIGHT", "held-update": "UPDATE, HELD"}
	if kindOf(t) == string(index.ReviewOverlay) {
		words["left"] = "STANDS"
	}
	for i := range t.Contained {
		p := &t.Contained[i]
		head := word(words, p.ID)
		if p.Active != nil && !*p.Active {
			head += " (merged away)"
		}
		heads, sides = append(heads, head), append(sides, p)
	}
	for i, person := range client.Of(t.Input, "person") {
		if i < len(heads) {
			heads[i] += "\nperson " + idOf(person.ValueReference)
		}
	}
	return heads, sides
}

// rowOf names the row behind a review or a decision.
func rowOf(deliveries []client.Part, all []client.Extension) string {
	delivery := ""
	for _, d := range deliveries {
		delivery = d.ValueIdentifier.Value
	}
	return placeOf(delivery, all)
}

func placeOf(delivery string, all []client.Extension) string {
	place, _ := client.Find(all, "/source-place")
	text := "delivery " + printable(delivery)
	for _, part := range place.Extension {
		switch part.URL {
		case "feed":
			text += ", feed " + printable(part.ValueString)
		case "row":
			text += fmt.Sprint(", row ", part.ValueInteger)
		case "line":
			text += ", line " + printable(part.ValueDecimal.String())
		}
	}
	return text
}

// printAnswer says what a human answered.
func printAnswer(out io.Writer, t *client.Task) error {
	value := func(code string) string {
		for _, p := range client.Of(t.Output, code) {
			return printable(p.ValueCode + p.ValueString + p.ValueDateTime + p.ValueIdentifier.Value)
		}
		return ""
	}
	if value("answer") == "" {
		return nil
	}
	at, _ := time.Parse(time.RFC3339, value("decided-at"))
	_, err := fmt.Fprintf(out, "answer: %s, by %s on %s: %s\n", value("answer"), value("decided-by"), at.Local().Format("2006-01-02 15:04"), value("reason"))
	return err
}

func newReviewDecide(at *connection) *cobra.Command {
	var reason string
	answers := []string{string(index.AnswerSame), string(index.AnswerDifferent), string(index.AnswerWait)}
	cmd := &cobra.Command{
		Use:   "decide REVIEW same|different|wait --reason TEXT",
		Short: "Answer a review",
		Long: `Answers a review, for a reason that is kept with it. same and different hold
until somebody decides otherwise ('carerecord person link', 'unlink'), whatever
the organisations send. Of an overlay, same takes the update in and different
keeps it out. wait notes that more has to be known; the review stays open.`,
		Example: `  carerecord review decide 68vc603pamyrcbsgrvzfepf41c same --reason "the patient was asked"`,
		Args:    arguments("REVIEW", strings.Join(answers, "|")),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(answers, args[1]) {
				return usageError{fmt.Errorf("the answer is %s, not %q", strings.Join(answers, ", "), args[1])}
			}
			if err := checkID("review", args[0]); err != nil {
				return err
			}
			if err := required("reason", reason); err != nil {
				return err
			}
			c, err := at.open()
			if err != nil {
				return err
			}
			body, err := c.Form(cmd.Context(), "Task/"+args[0]+"/$decide", url.Values{"answer": {args[1]}, "reason": {reason}})
			if err != nil {
				return err
			}
			return at.show(cmd.OutOrStdout(), body, func() error { return printDecided(cmd.OutOrStdout(), body) })
		},
	}
	cmd.Flags().StringVar(&reason, "reason", "", "why, in words; kept for ever")
	return cmd
}

func printDecided(out io.Writer, body []byte) error {
	p, err := client.Read[client.Parameters](body, "Parameters")
	if err != nil {
		return err
	}
	for _, result := range p.Of("return") {
		t, err := client.Read[client.Task](result.Resource, "Task")
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s  %s\n", t.ID, kindOf(t), stateOf(t))
		if err := printAnswer(out, t); err != nil {
			return err
		}
	}
	return nil
}

func newReviewMetrics(at *connection) *cobra.Command {
	days := 14
	cmd := &cobra.Command{
		Use:     "metrics",
		Short:   "Say how the queue stands",
		Example: "  carerecord review metrics --days 30",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if days < 1 || days > 92 {
				return usageError{fmt.Errorf("--days is from 1 to 92")}
			}
			c, err := at.open()
			if err != nil {
				return err
			}
			body, err := c.Get(cmd.Context(), "Task/$metrics", url.Values{"days": {strconv.Itoa(days)}})
			if err != nil {
				return err
			}
			return at.show(cmd.OutOrStdout(), body, func() error { return printMetrics(cmd.OutOrStdout(), body) })
		},
	}
	cmd.Flags().IntVar(&days, "days", days, "days of which the decisions are counted, 1 to 92")
	return cmd
}

func printMetrics(out io.Writer, body []byte) error {
	p, err := client.Read[client.Parameters](body, "Parameters")
	if err != nil {
		return err
	}
	g, total := grid{}, 0
	g.add("OPEN", "")
	for _, open := range p.Of("open") {
		kind, count := valuesOf(open)
		total += count
		g.add(kind, fmt.Sprintf("%6d", count))
	}
	g.add("in all", fmt.Sprintf("%6d", total))
	for _, w := range p.Of("waiting") {
		g.add("of them waiting", fmt.Sprintf("%6d", w.ValueInteger))
	}
	if err := g.print(out); err != nil {
		return err
	}
	for _, oldest := range p.Of("oldest") {
		fmt.Fprintf(out, "the oldest was opened %s\n", opened(oldest.ValueDateTime))
	}
	return printDays(out, p.Of("decisions"))
}

// printDays prints the decisions of each day on which there were some, and their mean.
func printDays(out io.Writer, decisions []client.Parameter) error {
	days, total := map[string]int{}, 0
	for _, d := range decisions {
		day, count := valuesOf(d)
		total += count
		if count > 0 {
			days[day] = count
		}
	}
	g := grid{}
	g.add("\nDECISIONS", "")
	for _, day := range slices.Backward(slices.Sorted(maps.Keys(days))) {
		g.add(day, fmt.Sprintf("%6d", days[day]))
	}
	g.add(fmt.Sprintf("in %d days", len(decisions)), fmt.Sprintf("%6d", total))
	if len(decisions) > 0 {
		g.add("a day", fmt.Sprintf("%8.1f", float64(total)/float64(len(decisions))))
	}
	return g.print(out)
}

// valuesOf gives the kind or the day of a count, and the count.
func valuesOf(p client.Parameter) (of string, count int) {
	for _, part := range p.Part {
		of += part.ValueCode + part.ValueDate
		count += part.ValueInteger
	}
	return of, count
}
