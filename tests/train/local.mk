# local.mk - what tests/train/ holds.

test_programs += \
	tests/train/test_early_stopping \
	tests/train/test_failing_train \
	tests/train/test_history \
	tests/train/test_traces \
	tests/train/test_train \
	tests/train/test_trainer_checkpoint \
	tests/train/test_trainer_damage \
	tests/train/test_trainer_options \
	tests/train/test_trainer_plan \
	tests/train/test_trainer_refusals \
	tests/train/test_training \
	$(end)

test_scripts += \
	tests/train/test_resume.sh \
	$(end)

script_programs += \
	tests/train/resume_program \
	$(end)
