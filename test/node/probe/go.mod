module vouchsafe.dev/vouchsafe/test/node/probe

go 1.26.0
