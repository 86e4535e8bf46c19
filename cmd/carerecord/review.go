package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/carerecord/carerecord/cmd/carerecord/client"
	"github.com/carerecord/carerecord/shared/index"
	"github.com/carerecord/carerecord/shared/matching"
)

func newReview() *cobra.Command {
	var at connection
	cmd := &cobra.Command{
		Use:   "review",
		Short: "Work the queue of open questions: who is the same person",
		Long: `Shows and answers what the rules would not decide in silence. It asks the FHIR
API, of a local region or of one on AWS, with a token of a job role that reviews
(R0001, R5105, R8013). docs/review.md says how to read what it shows.`,
		Example: `  export CARERECORD_TOKEN=$(carerecord token --org RZZ --role R8013 --user anna)
  carerecord review list
  carerecord review show 68vc603pamyrcbsgrvzfepf41c
  carerecord review decide 68vc603pamyrcbsgrvzfepf41c different --reason "asked both"`,
		Args: subcommand,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	at.flags(cmd)
	cmd.AddCommand(newReviewList(&at), newReviewShow(&at), newReviewDecide(&at), newReviewMetrics(&at))
	return cmd
}

// subcommand refuses a command of a group that is not there.
func subcommand(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("there is no command %q of %s", args[0], cmd.Name())}
	}
	return nil
}

// arguments asks for as many arguments as are named.
func arguments(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != len(names) || slices.Contains(args, "") {
			return usageError{fmt.Errorf("%d arguments are needed: %s", len(names), strings.Join(names, " "))}
		}
		return nil
	}
}

// reviewList is what part of the queue is asked for.
type reviewList struct {
	at       *connection
	by, page string
	kinds    []string
	state    string
	count    int
	all      bool
}

func newReviewList(at *connection) *cobra.Command {
	l := reviewList{at: at}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the open reviews, the oldest or the most likely first",
		Example: "  carerecord review list --by score --kind possible,conflict",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			query, err := l.query()
			if err != nil {
				return err
			}
			c, err := at.open()
			if err != nil {
				return err
			}
			return l.run(cmd.Context(), cmd.OutOrStdout(), c, query)
		},
	}
	var kinds []string
	for _, k := range index.ReviewKinds() {
		kinds = append(kinds, string(k))
	}
	flags := cmd.Flags()
	flags.StringVar(&l.by, "by", "age", "order: age (the oldest first) or score (the most evidence first)")
	flags.StringSliceVar(&l.kinds, "kind", nil, "only these kinds: "+strings.Join(kinds, ", "))
	flags.StringVar(&l.state, "state", "", "only those that are open, or waiting")
	flags.IntVar(&l.count, "count", 50, "reviews a page, 1 to 200")
	flags.StringVar(&l.page, "page", "", "the place of a page, as the page before names it")
	flags.BoolVar(&l.all, "all", false, "all pages")
	return cmd
}

func (l *reviewList) query() (url.Values, error) {
	order := map[string]string{"age": "authored-on", "score": "-score"}[l.by]
	status, known := map[string]string{"": "", "open": "requested", "waiting": "on-hold"}[l.state]
	switch {
	case order == "":
		return nil, usageError{fmt.Errorf("--by is age or score")}
	case !known:
		return nil, usageError{fmt.Errorf("--state is open or waiting")}
	case l.count < 1 || l.count > 200:
		return nil, usageError{fmt.Errorf("--count is from 1 to 200")}
	}
	for _, k := range l.kinds {
		if !slices.Contains(index.ReviewKinds(), index.ReviewKind(k)) {
			return nil, usageError{fmt.Errorf("--kind: there is no kind %q; see 'carerecord review list --help'", k)}
		}
	}
	q := url.Values{"_sort": {order}, "_count": {strconv.Itoa(l.count)}, "code": {"patient-link-review"}}
	if len(l.kinds) > 0 {
		q.Set("code", strings.Join(l.kinds, ","))
	}
	if status != "" {
		q.Set("status", status)
	}
	if l.page != "" {
		q.Set("_page", l.page)
	}
	return q, nil
}

func (l *reviewList) run(ctx context.Context, out io.Writer, c *client.Client, query url.Values) error {
	g := grid{}
	g.add("REVIEW", "KIND", "STATE", "OPENED", "   BITS", "CHANCE", "PEOPLE")
	listed, next := 0, ""
	for {
		body, err := c.Get(ctx, "Task", query)
		if err != nil {
			return err
		}
		bundle, err := client.Read[client.Bundle](body, "Bundle")
		if err == nil {
			err = l.at.show(out, body, func() error {
				n, err := addReviews(&g, bundle)
				listed += n
				return err
			})
		}
		if err != nil {
			return err
		}
		if next = bundle.Page(); next == "" || !l.all {
			break
		}
		query.Set("_page", next)
	}
	if l.at.asJSON {
		return nil
	}
	return finishList(out, &g, listed, next)
}

func finishList(out io.Writer, g *grid, listed int, next string) error {
	if listed == 0 {
		_, err := fmt.Fprintln(out, "Nothing is open.")
		return err
	}
	if err := g.print(out); err != nil || next == "" {
		return err
	}
	_, err := fmt.Fprintf(out, "There are more: add --page '%s', or --all.\n", next)
	return err
}

// addReviews adds the reviews of a page and gives how many they are.
func addReviews(g *grid, b *client.Bundle) (n int, err error) {
	for _, e := range b.Entry {
		if e.Search.Mode == "outcome" {
			continue
		}
		t, err := client.Read[client.Task](e.Resource, "Task")
		if err != nil {
			return n, err
		}
		score, likely := "", ""
		if d, ok := client.Evidence(t.Extension); ok && (d.Prior != 0 || d.Bits != 0) {
			score, likely = bits(d.Bits), chance(matching.Probability(d.Bits))
		}
		g.add(t.ID, kindOf(t), stateOf(t), opened(t.AuthoredOn), score, likely, strings.Join(peopleOf(t), " "))
		n++
	}
	return n, nil
}

func kindOf(t *client.Task) string { return t.Code.Code("review-kind") }

// states are the states of a review by Task.status.
var states = map[string]string{"requested": "open", "on-hold": "waiting", "completed": "decided", "cancelled": "closed"}

func stateOf(t *client.Task) string { return word(states, t.Status) }

// peopleOf gives the ids of the people whom a review is about, each once.
func peopleOf(t *client.Task) (ids []string) {
	for _, p := range client.Of(t.Input, "person") {
		if id := idOf(p.ValueReference); !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

func idOf(r client.Reference) string { return r.Reference[strings.LastIndexByte(r.Reference, '/')+1:] }

// opened words when a review was opened, and how long ago that is.
func opened(at time.Time) string {
	return fmt.Sprintf("%s (%s)", at.Local().Format("2006-01-02 15:04"), age(time.Since(at)))
}

func age(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return "just now"
}
