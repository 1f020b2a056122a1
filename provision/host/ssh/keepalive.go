package ssh

import (
	"sync/atomic"
	"time"
)

// keeper cuts a connection whose other side is gone, so that nothing waits
// for it forever.
type keeper struct {
	dead atomic.Bool
	done chan struct{}
}

// keep asks the other side every so often for a sign of life. Any byte is one:
// on a slow line the answer queues behind data.
func keep(l *link, every time.Duration) *keeper {
	k := &keeper{done: make(chan struct{})}
	go func() {
		defer close(k.done)
		tick := time.NewTicker(every)
		defer tick.Stop()
		answered := make(chan struct{}, 1)
		asking := false
		for {
			select {
			case <-l.gone:
				return
			case <-answered:
				asking = false
			case <-tick.C:
				if asking && l.wire.silent() >= every {
					k.dead.Store(true)
					_ = l.Close()
					return
				}
				if !asking {
					asking = true
					go func() {
						_, _, _ = l.SendRequest("keepalive@openssh.com", true, nil)
						answered <- struct{}{}
					}()
				}
			}
		}
	}()
	return k
}

// wait returns when the keeper is done, which it is once its link is closed.
func (k *keeper) wait() { <-k.done }
