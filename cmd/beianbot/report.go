package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"beianbot/bot"
	"beianbot/dialog"
	"beianbot/knowledge"
	"beianbot/store"
)

type reportCmd struct {
	Since string `default:"7d" help:"How far back, such as 24h or 7d." placeholder:"DURATION"`
	JSON  bool   `help:"One JSON object."`
	All   bool   `help:"All questions that were not understood well, not only the commonest."`
}

// Help is shown after the flags.
func (reportCmd) Help() string {
	return "Example:\n\n    beianbot report\n    beianbot report --since 30d --json | jq '.questions[].wording'\n\n" +
		"Numbers, addresses and names are taken out of the questions before they are stored; turns are kept for report.keep."
}

// Run reads the store beside a server that may be running.
func (c *reportCmd) Run(g *globals) error {
	since, err := parseDuration(c.Since)
	if err != nil || since <= 0 {
		return usageError{fmt.Errorf("--since %q: not a duration such as 24h or 7d", c.Since)}
	}
	conf, err := g.load()
	if err != nil {
		return err
	}
	if _, err := os.Stat(conf.Store.File); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("store %s: not there yet; beianbot serve makes it, and see store.url", conf.Store.File)
	}
	st, err := conf.openStore(g.ctx, false)
	if err != nil {
		return err
	}
	defer st.Close()
	now := time.Now()
	var turns []store.TurnRecord
	if err := st.Turns(g.ctx, now.Add(-since), now.Add(time.Minute), func(r store.TurnRecord) { turns = append(turns, r) }); err != nil {
		return fmt.Errorf("store %s: %w", conf.Store.File, err)
	}
	r := newReport(turns, now.Add(-since), now, conf.Operator.Zone)
	if c.JSON {
		return writeJSON(g.stdout, r)
	}
	shown := 20
	if c.All {
		shown = len(r.Questions)
	}
	return r.write(g.stdout, shown)
}

// report is what customers asked in a time. The JSON is for scripts.
type report struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	TimeZone string    `json:"time_zone"`

	Messages      int `json:"messages"`
	Solved        int `json:"solved"`
	Unsolved      int `json:"unsolved"`
	Unanswered    int `json:"unanswered"`
	LowConfidence int `json:"low_confidence"`

	Channels  []bot.ChannelName      `json:"channels"`
	Days      []reportDay            `json:"days"`
	Topics    []reportTopic          `json:"topics"`
	Languages map[knowledge.Lang]int `json:"languages"`
	Lookups   map[bot.Told]int       `json:"lookups"`
	Handoff   reportHandoff          `json:"handoff"`
	Questions []reportQuestion       `json:"questions"`
}

type reportDay struct {
	Day      string                  `json:"day"`
	Messages int                     `json:"messages"`
	Channels map[bot.ChannelName]int `json:"channels"`
}

type reportTopic struct {
	Topic    knowledge.Topic `json:"topic"`
	Messages int             `json:"messages"`
	Solved   int             `json:"solved"`
	Unsolved int             `json:"unsolved"`
}

// reportHandoff: without a staff desk nobody waits in a queue of ours; customers are told how to reach a person.
type reportHandoff struct {
	StaffDesk bool `json:"staff_desk"`
	Asked     int  `json:"asked"`
}

// reportQuestion is a group of questions that are alike. Wording is the first; the others that differ are examples.
type reportQuestion struct {
	Wording       string          `json:"wording"`
	Count         int             `json:"count"`
	Unanswered    int             `json:"unanswered"`
	LowConfidence int             `json:"low_confidence"`
	Topic         knowledge.Topic `json:"topic"` // the reading taken most often
	Confidence    float64         `json:"confidence"`
	Examples      []string        `json:"examples"`
	Last          time.Time       `json:"last"`

	readings map[knowledge.Topic]int
}

const maxExamples = 5

// newReport counts turns.
func newReport(turns []store.TurnRecord, from, to time.Time, zone *time.Location) *report {
	r := &report{From: from.In(zone).Truncate(time.Second), To: to.In(zone).Truncate(time.Second), TimeZone: zone.String(), Channels: []bot.ChannelName{}, Days: []reportDay{}, Topics: []reportTopic{},
		Languages: map[knowledge.Lang]int{}, Lookups: map[bot.Told]int{}, Questions: []reportQuestion{}}
	days := map[string]*reportDay{}
	topics := map[knowledge.Topic]*reportTopic{}
	topic := func(id knowledge.Topic) *reportTopic {
		if topics[id] == nil {
			topics[id] = &reportTopic{Topic: id}
		}
		return topics[id]
	}
	channels := map[bot.ChannelName]bool{}
	var unclear []store.TurnRecord
	for _, t := range turns {
		for _, l := range t.Lookups {
			r.Lookups[l]++
		}
		if !t.Message {
			continue
		}
		r.Messages++
		r.Languages[t.Lang]++
		day := t.At.In(zone).Format(time.DateOnly)
		if days[day] == nil {
			days[day] = &reportDay{Day: day, Channels: map[bot.ChannelName]int{}}
		}
		days[day].Messages++
		days[day].Channels[t.Channel]++
		channels[t.Channel] = true
		for _, id := range t.Topics {
			topic(id).Messages++
		}
		if len(t.Topics) > 0 {
			switch t.Topics[0] {
			case knowledge.Human:
				r.Handoff.Asked++
			case knowledge.Solved:
				r.Solved++
				topic(t.About).Solved++
			case knowledge.Unsolved:
				r.Unsolved++
				topic(t.About).Unsolved++
			}
		}
		switch t.Clarity {
		case dialog.Unanswered:
			r.Unanswered++
		case dialog.Doubtful:
			r.LowConfidence++
		}
		if t.Wording != "" {
			unclear = append(unclear, t)
		}
	}
	delete(topics, "") // solved, with nothing before it
	r.Channels = slices.Sorted(maps.Keys(channels))
	for _, day := range slices.Sorted(maps.Keys(days)) {
		r.Days = append(r.Days, *days[day])
	}
	for _, t := range topics {
		r.Topics = append(r.Topics, *t)
	}
	slices.SortFunc(r.Topics, func(a, b reportTopic) int {
		return cmp.Or(b.Messages-a.Messages, strings.Compare(string(a.Topic), string(b.Topic)))
	})
	r.Questions = group(unclear)
	return r
}

// group puts questions together that are alike, the commonest first.
func group(turns []store.TurnRecord) []reportQuestion {
	texts := make([]string, len(turns))
	for i, t := range turns {
		texts[i] = t.Wording
	}
	out := []reportQuestion{}
	for i, n := range dialog.Alike(texts) {
		if n == len(out) {
			out = append(out, reportQuestion{Wording: texts[i], Examples: []string{}, readings: map[knowledge.Topic]int{}})
		}
		q, t := &out[n], turns[i]
		q.Count++
		q.Confidence += t.Confidence
		q.Last = t.At.UTC().Truncate(time.Second)
		if t.Clarity == dialog.Unanswered {
			q.Unanswered++
		} else {
			q.LowConfidence++
		}
		if len(t.Topics) > 0 {
			id := t.Topics[0]
			if q.readings[id]++; q.readings[id] > q.readings[q.Topic] {
				q.Topic = id
			}
		}
		if t.Wording != q.Wording && len(q.Examples) < maxExamples && !slices.Contains(q.Examples, t.Wording) {
			q.Examples = append(q.Examples, t.Wording)
		}
	}
	for i := range out {
		out[i].Confidence = float64(int(out[i].Confidence/float64(out[i].Count)*100+0.5)) / 100
	}
	slices.SortStableFunc(out, func(a, b reportQuestion) int { return b.Count - a.Count })
	return out
}

// write writes the report for a person, with at most n questions.
func (r *report) write(w io.Writer, n int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s (%s)\n\n", r.From.Format("2006-01-02 15:04"), r.To.Format("2006-01-02 15:04"), r.TimeZone)
	if r.Messages == 0 {
		b.WriteString("nobody wrote in this time\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	fmt.Fprintf(&b, "%d messages; solved %d, unsolved %d; not answered %d, answered with low confidence %d\n\n", r.Messages, r.Solved, r.Unsolved, r.Unanswered, r.LowConfidence)

	rows := [][]string{{"day"}}
	for _, c := range r.Channels {
		rows[0] = append(rows[0], string(c))
	}
	rows[0] = append(rows[0], "all")
	for _, d := range r.Days {
		row := []string{d.Day}
		for _, c := range r.Channels {
			row = append(row, fmt.Sprint(d.Channels[c]))
		}
		rows = append(rows, append(row, fmt.Sprint(d.Messages)))
	}
	table(&b, rows)

	rows = [][]string{{"topic", "messages", "solved", "unsolved"}}
	for _, t := range r.Topics {
		rows = append(rows, []string{string(t.Topic), fmt.Sprint(t.Messages), fmt.Sprint(t.Solved), fmt.Sprint(t.Unsolved)})
	}
	table(&b, rows)

	fmt.Fprintf(&b, "look-ups: domains %d, of which the registry said nothing of %d; cases told %d, number and proof that fit no case %d\n",
		r.Lookups[bot.DomainTold]+r.Lookups[bot.DomainUnknown], r.Lookups[bot.DomainUnknown], r.Lookups[bot.CaseTold], r.Lookups[bot.CaseRefused])
	fmt.Fprintf(&b, "hand-off: no staff desk, so there are no waits; %d messages asked for a person and were told how to reach one\n", r.Handoff.Asked)

	if len(r.Questions) > 0 {
		b.WriteString("\nquestions not answered, or with low confidence (phrases like these can be added to the examples in knowledge.dir):\n")
	}
	for i, q := range r.Questions {
		if i == n {
			fmt.Fprintf(&b, "  … and %d more groups; --all shows them\n", len(r.Questions)-n)
			break
		}
		how := fmt.Sprintf("%d unanswered", q.Unanswered)
		if q.Unanswered == 0 {
			how = "low confidence"
		}
		fmt.Fprintf(&b, "%4d × %s\n       read as %s %.2f, %s\n", q.Count, q.Wording, cmp.Or(string(q.Topic), "nothing"), q.Confidence, how)
		for _, e := range q.Examples {
			fmt.Fprintf(&b, "       also: %s\n", e)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// table writes rows in columns, the first to the left and numbers to the right, and a blank line.
func table(b *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, row := range rows {
		for i, cell := range row {
			pad := strings.Repeat(" ", widths[i]-columns(cell))
			if i == 0 {
				b.WriteString("  " + cell + pad)
			} else {
				b.WriteString("  " + pad + cell)
			}
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}
