module helix.example/bench

go 1.24
