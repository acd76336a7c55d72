package bot

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"beianbot/dialog"
)

// Quiet is a channel on which people type their question in several short messages: Quiet is how long the service waits after an unfinished one for more of it.
type Quiet interface{ Quiet() time.Duration }

// Bounds on what becomes one question: more than this is no question in pieces.
const (
	maxTogether = 10 // an album has as many
	maxPiece    = 12 // characters of a message that may be a piece
	maxRest     = 3 * time.Second
)

// unfinished reports whether more belongs to a message: it is one of a group, or looks like the beginning of a question (a few words, no number, no mark or
// particle that ends one).
func unfinished(m dialog.Message) bool {
	if m.Group != "" {
		return true
	}
	if m.Kind != dialog.TextMessage || m.Choice != "" {
		return false
	}
	text := strings.TrimSpace(m.Text)
	if text == "" || utf8.RuneCountInString(text) > maxPiece || strings.HasPrefix(text, "/") {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return !strings.ContainsRune("?？!！。.吗嘛么呢吧啊呀不", last) && !strings.ContainsFunc(text, unicode.IsDigit)
}

// rest waits for the rest of a question that has begun, on channels where people type so.
func (s *Service) rest(a Address, c *talk) {
	q, ok := s.channels[a.Channel].(Quiet)
	if !ok || q.Quiet() <= 0 {
		return
	}
	until := time.Now().Add(maxRest)
	for n := 0; ; {
		s.mu.Lock()
		waiting := c.waiting
		m, isMessage := waiting[len(waiting)-1].event.(dialog.Message)
		grown := len(waiting) > n
		n = len(waiting)
		s.mu.Unlock()
		if !isMessage || !unfinished(m) || !grown || n >= maxTogether || time.Now().After(until) {
			return
		}
		select {
		case <-time.After(q.Quiet()):
		case <-s.ctx.Done():
			return
		}
	}
}

// belongs reports whether a message goes on with the one before it.
func belongs(m, before dialog.Message) bool {
	if m.Group != "" || before.Group != "" {
		return m.Group == before.Group
	}
	return unfinished(before) && m.Kind == dialog.TextMessage && m.Choice == "" && m.At.Sub(before.At) <= maxRest
}

// together takes the next task, and with an unfinished message those that follow it. The caller holds the service's mu.
func together(c *talk) []task {
	n := 1
	for n < maxTogether && c.ready(n) {
		m, ok := c.waiting[n-1].event.(dialog.Message)
		next, also := c.waiting[n].event.(dialog.Message)
		if !ok || !also || !belongs(next, m) {
			break
		}
		n++
	}
	tasks := c.waiting[:n:n]
	c.waiting = c.waiting[n:]
	return tasks
}

// joined is the event of a turn: several messages are one, in the order in which they came.
func joined(tasks []task) dialog.Event {
	if len(tasks) == 1 {
		return tasks[0].event
	}
	m := tasks[len(tasks)-1].event.(dialog.Message)
	var texts []string
	for _, t := range tasks {
		if text := strings.TrimSpace(t.event.(dialog.Message).Text); text != "" { // the pictures of an album share one caption
			texts = append(texts, text)
		}
	}
	joint := " "
	if strings.ContainsFunc(strings.Join(texts, ""), func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		joint = "，"
	}
	m.Text = strings.Join(texts, joint)
	return m
}
