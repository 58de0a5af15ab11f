package smtp

import (
	"bytes"
	"strconv"

	"rapport"
)

// refused is the first refusal of a transaction.
type refused struct {
	phase phase
	reply reply
}

// together sends the current message's content and the next one's envelope in
// one flight (RFC 2920). It returns the next if its content may follow.
func (c *conn) together(q *queue, current, next *job) *job {
	c.out = c.out[:0]
	end := c.putContent(current)
	phases := c.phases(next)
	for _, p := range phases {
		c.putCommand(p, next)
	}
	if !c.flush(q, current, end) || !c.finish(q, current) {
		c.giveBack(q, next)
		return nil
	}
	var no *refused
	for _, p := range phases {
		r, ok := c.answer(q, next)
		if !ok {
			return nil
		}
		if no == nil && !accepts(p, r) {
			no = &refused{p, r}
		}
		if no != nil && p == phaseData && r.code == 354 {
			// It waits for the content of a message it has refused. Sending an empty one
			// might deliver just that.
			c.lose(errGarbled)
		}
	}
	return c.ready(q, next, no)
}

// stepByStep does what together does, for servers that take one command at a time.
func (c *conn) stepByStep(q *queue, current, next *job) *job {
	c.out = c.out[:0]
	if end := c.putContent(current); end > 0 && !c.flush(q, current, end) || !c.finish(q, current) {
		c.giveBack(q, next)
		return nil
	}
	for _, p := range c.phases(next) {
		c.out = c.out[:0]
		c.putCommand(p, next)
		if !c.flush(q, nil, 0) {
			c.giveBack(q, next)
			return nil
		}
		r, ok := c.answer(q, next)
		if !ok {
			return nil
		}
		if !accepts(p, r) {
			return c.ready(q, next, &refused{p, r})
		}
	}
	return next
}

// phases are the steps that begin a message's transaction.
func (c *conn) phases(j *job) []phase {
	all := []phase{phaseReset, phaseMail, phaseRcpt, phaseData}
	switch {
	case j == nil:
		return nil
	case c.dirty:
		c.dirty = false
		return all
	}
	return all[1:]
}

func accepts(p phase, r reply) bool {
	if p == phaseData {
		return r.code == 354
	}
	return r.ok()
}

// putCommand adds a command of a message's transaction to the flight.
func (c *conn) putCommand(p phase, j *job) {
	switch p {
	case phaseReset:
		c.out = append(c.out, "RSET"...)
	case phaseMail:
		c.putMail(j)
	case phaseRcpt:
		c.out = append(c.out, "RCPT TO:<"...)
		c.out = append(c.out, j.mail.To.String()...)
		c.out = append(c.out, '>')
	case phaseData:
		c.out = append(c.out, "DATA"...)
	}
	c.out = append(c.out, "\r\n"...)
}

func (c *conn) putMail(j *job) {
	from := j.mail.From
	if !c.bounce.IsZero() {
		from = c.bounce
	}
	c.out = append(c.out, "MAIL FROM:<"...)
	c.out = append(c.out, from.String()...)
	c.out = append(c.out, '>')
	if _, ok := c.offers["SIZE"]; ok {
		c.out = append(c.out, " SIZE="...)
		c.out = strconv.AppendInt(c.out, int64(j.size()), 10)
	}
	if j.mail.NeedsUTF8() || from.NeedsUTF8() {
		c.out = append(c.out, " BODY=8BITMIME SMTPUTF8"...)
	}
}

// putContent adds a message's content to the flight, with the dots at the start
// of lines doubled, and returns where its end is.
func (c *conn) putContent(j *job) int {
	if j == nil {
		return 0
	}
	c.out = append(c.out, j.fields...)
	c.out = appendStuffed(c.out, j.mail.Bytes)
	c.out = append(c.out, ".\r\n"...)
	return len(c.out)
}

func appendStuffed(b, content []byte) []byte {
	for {
		n := bytes.Index(content, []byte("\n."))
		if n < 0 {
			return append(b, content...)
		}
		b = append(b, content[:n+2]...)
		b = append(b, '.')
		content = content[n+2:]
	}
}

// flush writes the flight. If the connection breaks, the current message, whose
// content ends at end, is unclear only if all of that was written.
func (c *conn) flush(q *queue, current *job, end int) bool {
	if current == nil {
		c.arm(c.config.Timeouts.Reply)
	} else {
		c.arm(c.config.Timeouts.Accept)
	}
	n, err := c.net.Write(c.out)
	if err == nil {
		return true
	}
	c.lose(err)
	switch {
	case current == nil:
	case n < end:
		c.giveBack(q, current)
	default:
		c.settleVague(q, current)
	}
	return false
}

// finish reads the answer to a message's content. It returns false if the
// connection can't be used any more.
func (c *conn) finish(q *queue, j *job) bool {
	if j == nil {
		return true
	}
	r, err := readReply(c.in, nil)
	if err != nil {
		c.lose(err)
		c.settleVague(q, j)
		return false
	}
	c.heard++
	kind, bad := verdict(phaseContent, r)
	outcome := rapport.Outcome{Kind: kind, Bad: bad, Down: kind == rapport.Retry && takesNone(phaseContent, r)}
	if kind != rapport.Accepted {
		outcome.Reason = said(r, j.mail.To.String())
	}
	q.settle(j.index, outcome)
	if r.code == 421 || kind == rapport.Vague {
		c.lose(&refusal{"taking a message", r, j.mail.To.String()})
	} else if c.in.Buffered() == 0 {
		c.arm(c.config.Timeouts.Reply)
	}
	return !c.broken
}

// answer reads the reply to one command. If there is none to be had the message
// is given back.
func (c *conn) answer(q *queue, j *job) (reply, bool) {
	r, err := readReply(c.in, nil)
	if err == nil && r.code == 421 {
		err = &refusal{"beginning a message", r, j.mail.To.String()}
	}
	if err != nil {
		c.lose(err)
		c.giveBack(q, j)
		return reply{}, false
	}
	return r, true
}

// ready returns the message if the server waits for its content, and settles it
// if the server refused.
func (c *conn) ready(q *queue, j *job, no *refused) *job {
	if no == nil {
		return j
	}
	c.dirty = true
	kind, bad := verdict(no.phase, no.reply)
	recipient := j.mail.To.String()
	down := kind == rapport.Retry && takesNone(no.phase, no.reply)
	q.settle(j.index, rapport.Outcome{Kind: kind, Bad: bad, Reason: said(no.reply, recipient), Down: down})
	if no.phase == phaseReset || aboutUs(no.reply) {
		c.lose(&refusal{"beginning a message", no.reply, recipient})
	} else {
		c.heard++
	}
	return nil
}

// lose marks the connection as broken and keeps why.
func (c *conn) lose(err error) {
	c.broken = true
	c.fault = explain(err)
}

func (c *conn) settleVague(q *queue, j *job) {
	c.heard++
	c.vague++
	q.settle(j.index, rapport.Outcome{Kind: rapport.Vague, Reason: c.fault + ", after it had the whole message"})
}

// giveBack puts a message that can't have been accepted back into the queue. A
// connection that was stale from the start doesn't count as a try.
func (c *conn) giveBack(q *queue, j *job) {
	if j != nil {
		q.giveBack(j.index, c.fault, !c.kept || c.heard > 0)
	}
}
