package bot

import (
	"strings"

	"beianbot/dialog"
	"beianbot/knowledge"
)

// Opening reads what a link or QR code carries into a conversation (Telegram's start payload, WeChat's scene code): topic-fees, topic_fees or case-BA20240617003.
// It fills the message so that the topic or case opens; any other payload, or none, is a plain greeting. Letters, digits, _ and - only, at most 64.
func Opening(m dialog.Message, payload string) dialog.Message {
	kind, value, ok := strings.Cut(strings.Replace(payload, "_", "-", 1), "-")
	switch {
	case ok && kind == "topic" && knowledge.IsTopic(knowledge.Topic(value)):
		m.Kind, m.Text, m.Choice = dialog.TextMessage, "", "topic:"+value
	case ok && kind == "case" && value != "":
		m.Kind, m.Text, m.Choice = dialog.TextMessage, value, ""
	default:
		m.Kind, m.Text, m.Choice = dialog.FollowMessage, "", ""
	}
	return m
}
