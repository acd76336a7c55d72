package dialog

import (
	"testing"
	"time"
)

// TestDigitsOfAProofAreNotKept holds the promise of the question for them, however they are given: whole numbers, before they are asked for, and once too often.
func TestDigitsOfAProofAreNotKept(t *testing.T) {
	e := NewEngine(loadKnowledge(t), nil)
	for name, tt := range map[string]struct {
		before []string
		text   string
		kept   string // "": as it was typed
		proof  string
	}{
		"four":             {[]string{"查进度", "BA20261101006"}, "6612", "••••", "6612"},
		"a phone":          {[]string{"BA20261101006 到哪了"}, "13800136612", "••••", "6612"},
		"a spaced phone":   {[]string{"BA20261101006 到哪了"}, "138 0013 6612", "••••", "6612"},
		"a foreign form":   {[]string{"BA20261101006 到哪了"}, "+86 138-0013-6612", "••••", "6612"},
		"an identity":      {[]string{"BA20261101006 到哪了"}, "身份证110101199001016612", "••••", "6612"},
		"an identity's X":  {[]string{"BA20261101006 到哪了"}, "11010119900101661x", "••••", "661X"},
		"in a sentence":    {[]string{"BA20261101006 到哪了"}, "我手机是13800136612你看下", "••••", "6612"},
		"no proof":         {[]string{"BA20261101006 到哪了"}, "66128", "••••", ""},
		"before":           {nil, "我手机后四位是6612", "••••", ""},
		"with the number":  {nil, "查进度 BA20261101006 后四位是 7190", "BA20261101006 ••••", "7190"},
		"the number":       {[]string{"查进度"}, "BA20261101006", "", ""},
		"the number again": {[]string{"查进度", "BA20261101006"}, "BA20261101006", "", ""},
		"a wish":           {nil, "让人打我电话 13800136612", "", ""},
		"a year":           {nil, "2024年备案的要更新吗", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var c Conversation
			say := func(text string) (kept, proof string) {
				var actions []Action
				c, actions = e.Step(c, Message{At: time.Unix(0, 0).UTC(), Kind: TextMessage, Text: text})
				for _, a := range actions {
					switch a := a.(type) {
					case Conceal:
						kept = a.Text
					case FindCase:
						proof = a.Proof
					}
				}
				return kept, proof
			}
			for _, text := range tt.before {
				say(text)
			}
			if kept, proof := say(tt.text); kept != tt.kept || proof != tt.proof {
				t.Errorf("kept %q, proof %q", kept, proof)
			}
		})
	}
}
