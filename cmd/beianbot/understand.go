package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"beianbot/dialog"
	"beianbot/knowledge"
)

type understandCmd struct {
	JSON  bool     `help:"One JSON object a message, or one for the evaluation."`
	Eval  string   `help:"Measure on a file of labelled messages, JSON Lines of text, topic, slots, style, topics." placeholder:"FILE"`
	Worst int      `help:"With --eval: how many mistakes to show, the surest first." default:"20"`
	Text  []string `arg:"" optional:"" help:"Messages; without any, each line of standard input is one."`
}

// Help is shown after the flags.
func (understandCmd) Help() string {
	return "Example:\n\n    beianbot understand \"变更要多久\"\n    beianbot understand --json < questions.txt\n    beianbot understand --eval labelled.jsonl\n\n" +
		"A message that is taken for the wrong topic: add it, and two or three like it, to that topic's file under examples/, and try again."
}

// Run explains each message, or measures a file.
func (c *understandCmd) Run(g *globals) error {
	if c.Eval != "" && len(c.Text) > 0 {
		return usageError{fmt.Errorf("--eval measures a file; leave the messages out")}
	}
	conf, err := g.load()
	if err != nil {
		return err
	}
	e, err := conf.newEngine()
	if err != nil {
		return err
	}
	if c.Eval != "" {
		return c.measure(g, e)
	}
	next := linesUntilTold(g.ctx, lines(c.Text, g.stdin))
	for {
		text, ok, err := next()
		if err != nil {
			return fmt.Errorf("read standard input: %w", err)
		}
		if !ok {
			return nil
		}
		x := e.Explain(text)
		if c.JSON {
			if err := writeJSON(g.stdout, newExplained(text, x)); err != nil {
				return err
			}
			continue
		}
		writeExplained(g.stdout, text, x)
	}
}

// explained is an Explanation as JSON.
type explained struct {
	Text       string              `json:"text"`
	Lang       knowledge.Lang      `json:"lang"`
	Normalised string              `json:"normalised"`
	Topic      knowledge.Topic     `json:"topic,omitempty"`
	Topics     []knowledge.Topic   `json:"topics"`
	Confidence float64             `json:"confidence"`
	Scores     []dialog.TopicScore `json:"scores"`
	Slots      dialog.Slots        `json:"slots"`
	Denied     dialog.Slots        `json:"denied"`
	Act        dialog.Act          `json:"act,omitempty"`
	Ordinal    int                 `json:"ordinal,omitempty"`
	Bare       bool                `json:"bare"`
	Words      []dialog.Weight     `json:"words"`
	Cues       []firedCue          `json:"cues"`
	Nearest    []dialog.Near       `json:"nearest"`
}

type firedCue struct {
	Topic  knowledge.Topic `json:"topic"`
	Weight float64         `json:"weight"`
}

func newExplained(text string, x dialog.Explanation) explained {
	out := explained{Text: text, Lang: x.Lang, Normalised: x.Masked, Topics: append([]knowledge.Topic{}, x.Asked...), Confidence: x.Confidence, Scores: x.Scores, Slots: x.Slots, Denied: x.Denied,
		Act: x.Act, Ordinal: x.Ordinal, Bare: x.Bare, Words: x.Weights, Cues: []firedCue{}, Nearest: x.Nearest}
	if len(x.Asked) > 0 {
		out.Topic = x.Asked[0]
	}
	for _, c := range x.Cues {
		out.Cues = append(out.Cues, firedCue{c.Topic, c.Weight})
	}
	return out
}

// shownScores is how many topics a person gets to see.
const shownScores = 4

func writeExplained(w io.Writer, text string, x dialog.Explanation) {
	fmt.Fprintf(w, "%s\n  read as   %s\n", text, x.Masked)
	topics := "none of its own"
	if len(x.Asked) > 0 {
		topics = joined(x.Asked)
	}
	fmt.Fprintf(w, "  topic     %s (%.0f%%)\n  scores   ", topics, 100*x.Confidence)
	for _, s := range x.Scores[:shownScores] {
		fmt.Fprintf(w, " %s %.3f", s.Topic, s.P)
	}
	fmt.Fprintln(w)
	fmt.Fprintf(w, "  slots     %s\n", slotLine(x.Slots))
	if !x.Denied.IsZero() {
		fmt.Fprintf(w, "  ruled out %s\n", slotLine(x.Denied))
	}
	var also []string
	if x.Act != dialog.NoAct {
		also = append(also, "act "+string(x.Act))
	}
	if x.Ordinal != 0 {
		also = append(also, fmt.Sprintf("option %d", x.Ordinal))
	}
	for flag, on := range map[string]bool{"correction": x.Correction, "bare": x.Bare, "refers back": x.Pronoun} {
		if on {
			also = append(also, flag)
		}
	}
	if slices.Sort(also); len(also) > 0 {
		fmt.Fprintf(w, "  also      %s\n", strings.Join(also, ", "))
	}
	fmt.Fprintf(w, "  why       words for (+) and against (-) %s rather than %s:\n           ", x.Scores[0].Topic, x.Scores[1].Topic)
	weights := slices.Clone(x.Weights)
	slices.SortStableFunc(weights, func(a, b dialog.Weight) int { return cmp.Compare(b.For, a.For) })
	for _, word := range weights {
		if -0.05 < word.For && word.For < 0.05 {
			continue
		}
		fmt.Fprintf(w, " %s %+.1f", word.Word, word.For)
		if len(word.Classes) > 0 {
			fmt.Fprintf(w, " [%s]", strings.Join(word.Classes, " "))
		}
	}
	fmt.Fprintln(w)
	for _, c := range x.Cues {
		fmt.Fprintf(w, "            rule of thumb for %s: %+.1f\n", c.Topic, c.Weight)
	}
	for _, n := range x.Nearest {
		fmt.Fprintf(w, "            like %.2f %-18s %s\n", n.Alike, n.Topic, n.Phrase)
	}
	fmt.Fprintln(w)
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}

func slotLine(s dialog.Slots) string {
	var out []string
	for _, p := range [...][2]string{{"filing_type", string(s.FilingType)}, {"subject_type", string(s.SubjectType)}, {"province", string(s.Province)}, {"server_location", string(s.ServerLocation)},
		{"domain", s.Domain}, {"domains", strings.Join(s.Domains, " ")}, {"case_no", s.CaseNo}} {
		if p[1] != "" {
			out = append(out, p[0]+"="+p[1])
		}
	}
	if len(out) == 0 {
		return "none"
	}
	return strings.Join(out, ", ")
}

func (c *understandCmd) measure(g *globals, e *dialog.Engine) error {
	set, err := untilTold(g.ctx, c.labelled)
	if err != nil {
		return err
	}
	if len(set) == 0 {
		return fmt.Errorf("%s: no messages in it; each line is an object with text, topic and slots", c.Eval)
	}
	ev := e.Evaluate(set)
	if len(ev.Mistakes) > c.Worst {
		ev.Mistakes = ev.Mistakes[:max(0, c.Worst)]
	}
	if len(ev.SlotMistakes) > c.Worst {
		ev.SlotMistakes = ev.SlotMistakes[:max(0, c.Worst)]
	}
	if c.JSON {
		return writeJSON(g.stdout, ev)
	}
	writeEvaluation(g.stdout, ev)
	return nil
}

// labelled reads the file to measure on.
func (c *understandCmd) labelled() ([]dialog.Labelled, error) {
	f, err := os.Open(c.Eval)
	if err != nil {
		return nil, fmt.Errorf("--eval: %w", err)
	}
	defer f.Close()
	set, err := knowledge.ReadLabelled(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Eval, err)
	}
	return set, nil
}

func writeEvaluation(w io.Writer, ev *dialog.Evaluation) {
	share := func(name string, s dialog.Share) {
		if s.Of > 0 {
			fmt.Fprintf(w, "%-24s %6.1f%%  %d of %d\n", name, 100*s.Rate(), s.Right, s.Of)
		}
	}
	share("topic", ev.Topic)
	share("topic as answered", ev.Served)
	share("several topics, all", ev.Several)
	share("out of scope recognised", ev.OutOfScope)
	share("in scope refused", ev.Refused)
	fmt.Fprintf(w, "%-24s %6.3f   %d right, %d wrong, %d missed\n", "slots, F1", ev.Slots.F1(), ev.Slots.Right, ev.Slots.Wrong, ev.Slots.Missed)
	share("asked back, rightly so", ev.Unsure)
	if ev.Verdicts.Of > 0 {
		share("verdicts", ev.Verdicts)
		fmt.Fprintf(w, "%-24s %6d\n", "wrong verdicts given", ev.WrongVerdicts)
	}

	fmt.Fprintln(w, "\nby style")
	for _, k := range slices.Sorted(maps.Keys(ev.ByStyle)) {
		share("  "+cmp.Or(k, "(none)"), ev.ByStyle[k])
	}
	fmt.Fprintln(w, "\nby topic, and what it is taken for")
	for _, t := range knowledge.Topics {
		s, ok := ev.ByTopic[string(t)]
		if !ok {
			continue
		}
		fmt.Fprintf(w, "  %-22s %6.1f%%  %d of %d", t, 100*s.Rate(), s.Right, s.Of)
		wrong := ev.Confusion[string(t)]
		for _, k := range slices.SortedFunc(maps.Keys(wrong), func(a, b string) int { return cmp.Or(cmp.Compare(wrong[b], wrong[a]), cmp.Compare(a, b)) }) {
			fmt.Fprintf(w, "  %s %d", k, wrong[k])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintln(w, "\nby slot                     F1   right wrong missed")
	for _, k := range slices.Sorted(maps.Keys(ev.BySlot)) {
		f := ev.BySlot[k]
		fmt.Fprintf(w, "  %-22s %6.3f  %5d %5d %5d\n", k, f.F1(), f.Right, f.Wrong, f.Missed)
	}
	fmt.Fprintf(w, "\nreliability: confidence against accuracy, mean gap %.3f\n", ev.Gap)
	for _, b := range ev.Reliability {
		if b.Of > 0 {
			fmt.Fprintf(w, "  %.1f–%.1f  sure %5.1f%%  right %5.1f%%  of %d\n", b.From, b.To, 100*b.Mean, 100*b.Rate(), b.Of)
		}
	}
	if len(ev.Mistakes) > 0 {
		fmt.Fprintln(w, "\nworst mistakes, the surest first")
		for _, m := range ev.Mistakes {
			fmt.Fprintf(w, "  %3.0f%% %s for %s [%s]: %s\n", 100*m.Confidence, m.Got, m.Topic, m.Style, m.Text)
		}
	}
	if len(ev.SlotMistakes) > 0 {
		fmt.Fprintln(w, "\nslots read wrong")
		for _, m := range ev.SlotMistakes {
			fmt.Fprintf(w, "  %s %s for %s: %s\n", m.Slot, cmp.Or(m.Got, "nothing"), cmp.Or(m.Want, "nothing"), m.Text)
		}
	}
}
