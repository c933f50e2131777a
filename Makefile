# Other names for what run.py does; `make test ARGS="-k name"` hands arguments on.
.PHONY: run test check bench proof
run test check bench proof:
	@python3 run.py $(subst run,serve,$@) $(ARGS)
