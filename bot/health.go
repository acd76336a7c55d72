package bot

// Health says of every channel how it is: "" for up, else why it is down, without secrets; see Health.
func (s *Service) Health() map[ChannelName]string {
	out := map[ChannelName]string{}
	for name, c := range s.channels {
		out[name] = ""
		if h, ok := c.(Health); ok {
			out[name] = h.Down()
		}
	}
	return out
}
