// Drains a stream with the worker of the Go original, and prints what it came to as one line of JSON.
//
//	bench <NATS address> <name of the stream> <high|low> <milliseconds of an execution> <messages>
//	bench <NATS address> <name of the stream> lag <messages>
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/arloliu/helix/replay"
	"github.com/arloliu/helix/types"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

func main() {
	connection, err := nats.Connect(os.Args[1])
	must(err)
	defer connection.Close()
	js, err := jetstream.New(connection)
	must(err)
	name := os.Args[2]
	replayer, err := replay.NewNATSReplayer(js, replay.WithStreamName(name), replay.WithSubjectPrefix(name+".replay"))
	must(err)
	if os.Args[3] == "lag" {
		lag(replayer, number(os.Args[4]))
		return
	}
	priority := types.PriorityHigh
	if os.Args[3] == "low" {
		priority = types.PriorityLow
	}
	drain(replayer, priority, time.Duration(number(os.Args[4]))*time.Millisecond, number(os.Args[5]))
}

// All are queued before the worker starts. The rate is that from the first execution to the last.
func drain(replayer *replay.NATSReplayer, priority types.PriorityLevel, execution time.Duration, messages int) {
	for i := range messages {
		must(replayer.Enqueue(context.Background(), insert(i, priority)))
	}
	var lock sync.Mutex
	var first, last time.Time
	executed := 0
	done := make(chan struct{})
	worker := replay.NewNATSWorker(replayer, func(context.Context, types.ReplayPayload) error {
		time.Sleep(execution)
		lock.Lock()
		defer lock.Unlock()
		last = time.Now()
		if executed == 0 {
			first = last
		}
		if executed++; executed == messages {
			close(done)
		}
		return nil
	})
	must(worker.Start())
	<-done
	worker.Stop()
	print(map[string]any{"perSecond": float64(messages-1) / last.Sub(first).Seconds()})
}

// One at a time into a system that waits: milliseconds from the end of the enqueue to the start of the execution.
func lag(replayer *replay.NATSReplayer, messages int) {
	started := make(chan time.Time)
	worker := replay.NewNATSWorker(replayer, func(context.Context, types.ReplayPayload) error {
		started <- time.Now()
		return nil
	})
	must(worker.Start())
	lags := make([]float64, messages)
	for i := range messages {
		must(replayer.Enqueue(context.Background(), insert(i, types.PriorityHigh)))
		enqueued := time.Now()
		lags[i] = max(0, (<-started).Sub(enqueued).Seconds()*1000)
	}
	worker.Stop()
	print(map[string]any{"lagsMs": lags})
}

func insert(i int, priority types.PriorityLevel) types.ReplayPayload {
	return types.ReplayPayload{
		TargetCluster: "B",
		Query:         "INSERT INTO ks.users (id, name) VALUES (?, ?)",
		Args:          []any{i, "Alice"},
		Timestamp:     1_764_000_000_000_000 + int64(i),
		Priority:      priority,
	}
}

func print(result any) {
	must(json.NewEncoder(os.Stdout).Encode(result))
}

func number(text string) int {
	value, err := strconv.Atoi(text)
	must(err)
	return value
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
