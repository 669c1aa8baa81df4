-- What was told an agency later is kept for a month after.
CREATE INDEX agency_job_done ON agency_job (done_at) WHERE state <> 1;
