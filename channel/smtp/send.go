package smtp

import (
	"context"
	"errors"

	"rapport"
	"rapport/channel/mail"
)

// job is a message on its way through a connection.
type job struct {
	index  int    // in the batch
	fields []byte // what the signer puts before the mail
	mail   mail.Mail
}

func (j *job) size() int { return len(j.fields) + len(j.mail.Bytes) }

// run sends what the queue holds until that is empty, the caller has left or the
// connection is used up or broken.
func (c *conn) run(q *queue) {
	c.ctx, c.heard, c.vague = q.ctx, 0, 0
	stop := context.AfterFunc(q.ctx, c.hurry)
	defer stop()
	var current *job // the server waits for its content
	for {
		next := c.prepare(q, current)
		if current == nil && next == nil {
			return
		}
		if err := q.ctx.Err(); err != nil {
			c.leave(q, current, next)
			return
		}
		if c.pipelining {
			current = c.together(q, current, next)
		} else {
			current = c.stepByStep(q, current, next)
		}
		if c.broken {
			return
		}
	}
}

// leave gives back what was begun: nothing of it has been accepted.
func (c *conn) leave(q *queue, current, next *job) {
	if current != nil {
		c.broken = true // the server waits for content that won't come
	}
	c.fault = explain(context.Canceled)
	c.giveBack(q, current)
	c.giveBack(q, next)
}

// prepare takes messages until one can be sent here, and returns it composed.
func (c *conn) prepare(q *queue, current *job) *job {
	j := &c.jobs[0]
	if j == current {
		j = &c.jobs[1]
	}
	for c.begun < c.config.PerConnection {
		index, ok := q.take()
		if !ok {
			return nil
		}
		j.index = index
		if unfit := c.compose(j, q.batch[index]); unfit.Kind != 0 {
			q.settle(index, unfit)
			continue
		}
		c.begun++
		return j
	}
	return nil
}

// compose makes the message, or says why it can't be sent here.
func (c *conn) compose(j *job, d rapport.Delivery) (unfit rapport.Outcome) {
	if d.From.Address == "" {
		d.From = c.config.From
	}
	m, err := mail.Compose(j.mail.Bytes, &d)
	if err != nil {
		return rapport.Outcome{Kind: rapport.Refused, Reason: rapport.MessageOf(err), Bad: errors.Is(err, mail.ErrRecipient)}
	}
	j.mail, j.fields = m, nil
	if c.config.Sign != nil {
		if j.fields, err = c.config.Sign(m.Bytes); err != nil {
			return rapport.Outcome{Kind: rapport.Retry, Reason: "the message could not be signed"}
		}
	}
	if m.NeedsUTF8() && !(c.utf8 && c.eightBit) {
		return rapport.Outcome{Kind: rapport.Refused, Reason: "the mail server takes no addresses with letters beyond ASCII"}
	}
	if c.sizeLimit > 0 && j.size() > c.sizeLimit {
		return rapport.Outcome{Kind: rapport.Refused, Reason: "the message is larger than the mail server takes"}
	}
	return rapport.Outcome{}
}
